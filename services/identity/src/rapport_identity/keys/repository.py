"""Signing keys in MongoDB; few, and read by whoever starts."""

from rapport_identity.keys.model import SigningKey
from rapport_shared.mongo import Database

COLLECTION = "signing_keys"


class SigningKeyRepository:
    """One document a key."""

    def __init__(self, database: Database) -> None:
        self._documents = database[COLLECTION]

    async def newest_first(self) -> list[SigningKey]:
        """Every key."""
        found = await self._documents.find({}).sort([("created_at", -1), ("_id", -1)]).to_list(None)
        return [
            SigningKey(id=document["_id"], jwk=document["jwk"], created_at=document["created_at"]) for document in found
        ]

    async def add(self, key: SigningKey) -> None:
        """Store a new key."""
        await self._documents.insert_one({"_id": key.id, "jwk": key.jwk, "created_at": key.created_at})
