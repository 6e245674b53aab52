"""Sessions and their refresh tokens in MongoDB."""

from dataclasses import asdict
from datetime import datetime, timedelta

from rapport_identity.sessions.model import RefreshToken, Session
from rapport_shared.actor import Actor
from rapport_shared.mongo import Database, Document, Index
from rapport_shared.mongo import Session as Transaction
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import AggregateRepository
from rapport_shared.rights import EVERYTHING

SESSIONS = "sessions"
REFRESH_TOKENS = "refresh_tokens"
INDEXES = (
    Index(SESSIONS, (("expires_at", 1),), expire_after=timedelta(0)),
    Index(SESSIONS, (("user_id", 1), ("_id", -1))),
    Index(REFRESH_TOKENS, (("expires_at", 1),), expire_after=timedelta(0)),
)


class SessionRepository(AggregateRepository[Session]):
    """One document a session, and one a refresh token under the digest of its text."""

    collection = SESSIONS
    noun = "session"

    def __init__(
        self, database: Database, transaction: Transaction | None = None, outbox: OutboxStore | None = None
    ) -> None:
        super().__init__(database, transaction, outbox)
        self._tokens = database[REFRESH_TOKENS]

    async def start(self, session: Session, token: RefreshToken) -> None:
        """Store a new session with its first token; what nobody needs to hear of is no event."""
        document = {"_id": session.id, **self.to_document(session), "version": session.version}
        await self._documents.insert_one(document, session=self._session)
        await self._insert_token(token)

    async def find_token(self, digest: str) -> RefreshToken | None:
        """The token whose text has this digest."""
        found = await self._tokens.find_one({"_id": digest}, session=self._session)
        return None if found is None else RefreshToken(digest=found.pop("_id"), **found)

    async def known(self, session_id: str) -> Session | None:
        """The session, whosever it is."""
        return await self.find(session_id, EVERYTHING)

    async def open_of(self, user_id: str, *, now: datetime) -> list[Session]:
        """A user's sessions that go on, the newest first."""
        condition = {"user_id": user_id, "revoked_at": None, "expires_at": {"$gt": now}}
        found = await self._documents.find(condition, session=self._session).sort("_id", -1).to_list(None)
        return [self.from_document(document) for document in found]

    async def end_all(self, user_id: str, *, kept: str | None = None, now: datetime, by: Actor) -> int:
        """End a user's sessions, but for one that is ``kept``; how many there were."""
        ending = [session for session in await self.open_of(user_id, now=now) if session.id != kept]
        for session in ending:
            session.end(now=now)
            await self.save(session, by=by)
        return len(ending)

    async def rotate(self, used: RefreshToken, new: RefreshToken, *, now: datetime) -> None:
        """Put the new token in the used one's place; rivals for one token collide, and the later one finds it used."""
        await self._tokens.update_one({"_id": used.digest}, {"$set": {"used_at": now}}, session=self._session)
        await self._insert_token(new)
        prolonged = {"$set": {"expires_at": new.expires_at, "last_used_at": now}}
        await self._documents.update_one({"_id": new.session_id}, prolonged, session=self._session)

    async def adopt(self) -> None:
        """Count the versions of sessions that an earlier release began; repeatable."""
        await self._documents.update_many({"version": {"$exists": False}}, {"$set": {"version": 1}})

    async def _insert_token(self, token: RefreshToken) -> None:
        fields = asdict(token)
        await self._tokens.insert_one({"_id": fields.pop("digest"), **fields}, session=self._session)

    def to_document(self, aggregate: Session) -> Document:
        """The fields as they are."""
        return {
            "user_id": aggregate.user_id,
            "device": aggregate.device,
            "created_at": aggregate.created_at,
            "last_used_at": aggregate.last_used_at,
            "expires_at": aggregate.expires_at,
            "revoked_at": aggregate.revoked_at,
        }

    def from_document(self, document: Document) -> Session:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name != "_id"}
        fields.setdefault("last_used_at", fields["created_at"])
        return Session(id=document["_id"], **fields)
