"""ID tokens that were used, in MongoDB, until they expire."""

from datetime import timedelta

from rapport_identity.providers.model import Identity
from rapport_shared.mongo import Database, Index, Session

COLLECTION = "used_id_tokens"
INDEXES = (Index(COLLECTION, (("expires_at", 1),), expire_after=timedelta(0)),)


class UsedIdTokens:
    """One document a token, under its digest; used in a transaction."""

    def __init__(self, database: Database, session: Session) -> None:
        self._documents = database[COLLECTION]
        self._session = session

    async def first_time(self, identity: Identity) -> bool:
        """Note the token; False where it was used before. Of two rivals, one is run again and finds it used."""
        if await self._documents.find_one({"_id": identity.token_digest}, session=self._session) is not None:
            return False
        document = {"_id": identity.token_digest, "expires_at": identity.expires_at}
        await self._documents.insert_one(document, session=self._session)
        return True
