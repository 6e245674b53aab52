"""Sessions and their refresh tokens in MongoDB."""

from dataclasses import asdict
from datetime import datetime, timedelta

from rapport_identity.sessions.model import RefreshToken, Session
from rapport_shared.mongo import Database, Document, Index
from rapport_shared.mongo import Session as Transaction

SESSIONS = "sessions"
REFRESH_TOKENS = "refresh_tokens"
INDEXES = (
    Index(SESSIONS, (("expires_at", 1),), expire_after=timedelta(0)),
    Index(REFRESH_TOKENS, (("expires_at", 1),), expire_after=timedelta(0)),
)


class SessionRepository:
    """One document a session, and one a refresh token under the digest of its text; used in a transaction."""

    def __init__(self, database: Database, transaction: Transaction) -> None:
        self._sessions = database[SESSIONS]
        self._tokens = database[REFRESH_TOKENS]
        self._transaction = transaction

    async def start(self, session: Session, token: RefreshToken) -> None:
        """Store a new session with its first token."""
        await self._sessions.insert_one(_document(asdict(session), "id"), session=self._transaction)
        await self._insert_token(token)

    async def find_token(self, digest: str) -> RefreshToken | None:
        """The token whose text has this digest."""
        found = await self._tokens.find_one({"_id": digest}, session=self._transaction)
        return None if found is None else RefreshToken(digest=found.pop("_id"), **found)

    async def find(self, session_id: str) -> Session | None:
        """The session."""
        found = await self._sessions.find_one({"_id": session_id}, session=self._transaction)
        return None if found is None else Session(id=found.pop("_id"), **found)

    async def rotate(self, used: RefreshToken, new: RefreshToken, *, now: datetime) -> None:
        """Put the new token in the used one's place; rivals for one token collide, and the later one finds it used."""
        await self._tokens.update_one({"_id": used.digest}, {"$set": {"used_at": now}}, session=self._transaction)
        await self._insert_token(new)
        prolonged = {"$set": {"expires_at": new.expires_at}}
        await self._sessions.update_one({"_id": new.session_id}, prolonged, session=self._transaction)

    async def revoke(self, session_id: str, *, now: datetime) -> None:
        """End the session; the first end stays on record."""
        open_session = {"_id": session_id, "revoked_at": None}
        await self._sessions.update_one(open_session, {"$set": {"revoked_at": now}}, session=self._transaction)

    async def _insert_token(self, token: RefreshToken) -> None:
        await self._tokens.insert_one(_document(asdict(token), "digest"), session=self._transaction)


def _document(fields: Document, key: str) -> Document:
    return {"_id": fields.pop(key), **fields}
