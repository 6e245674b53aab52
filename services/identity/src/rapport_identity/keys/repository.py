"""Signing keys in MongoDB; few, and read by whoever starts."""

from dataclasses import asdict
from datetime import datetime

from rapport_identity.keys.model import SigningKey
from rapport_shared.mongo import Database, Document, DuplicateKey, Index

COLLECTION = "signing_keys"
INDEXES = (Index(COLLECTION, (("succeeds", 1),), unique=True, only={"succeeds": {"$type": "string"}}),)


class SigningKeyRepository:
    """One document a key."""

    def __init__(self, database: Database) -> None:
        self._documents = database[COLLECTION]

    async def newest_first(self) -> list[SigningKey]:
        """Every key."""
        found = await self._documents.find({}).sort([("created_at", -1), ("_id", -1)]).to_list(None)
        return [_key(document) for document in found]

    async def add(self, key: SigningKey) -> bool:
        """Store a new key; False, and nothing done, where another one succeeds the same."""
        fields = asdict(key)
        try:
            await self._documents.insert_one({"_id": fields.pop("id"), **fields})
        except DuplicateKey:
            return False
        return True

    async def drop_made_before(self, moment: datetime, *, besides: set[str]) -> None:
        """Forget old keys."""
        old = {"created_at": {"$lt": moment}, "_id": {"$nin": sorted(besides)}}
        await self._documents.delete_many(old)


def _key(document: Document) -> SigningKey:
    fields = {"signs_from": document["created_at"], **document}
    return SigningKey(id=fields.pop("_id"), **fields)
