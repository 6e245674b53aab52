"""Tokens for setting a password in MongoDB; a user has at most one."""

from dataclasses import asdict
from datetime import timedelta

from rapport_identity.credentials.model import SetupToken
from rapport_shared.mongo import Database, Index, Session

COLLECTION = "setup_tokens"
INDEXES = (
    Index(COLLECTION, (("expires_at", 1),), expire_after=timedelta(0)),
    Index(COLLECTION, (("user_id", 1),)),
)


class SetupTokenRepository:
    """One document a token, under the digest of its text."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._documents = database[COLLECTION]
        self._session = session

    async def replace(self, token: SetupToken) -> None:
        """Store a new token; an earlier one of the user works no longer."""
        await self.drop(token.user_id)
        fields = asdict(token)
        await self._documents.insert_one({"_id": fields.pop("digest"), **fields}, session=self._session)

    async def find(self, digest: str) -> SetupToken | None:
        """The token whose text has this digest."""
        found = await self._documents.find_one({"_id": digest}, session=self._session)
        return None if found is None else SetupToken(digest=found.pop("_id"), **found)

    async def drop(self, user_id: str) -> None:
        """No token of the user works any longer."""
        await self._documents.delete_many({"user_id": user_id}, session=self._session)
