"""API keys in MongoDB."""

from dataclasses import asdict
from datetime import datetime, timedelta

from rapport_identity.api_keys.model import ApiKey, KeySecret
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository
from rapport_shared.rights import EVERYTHING

COLLECTION = "api_keys"
INDEXES = (
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("revoked", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("owner_id", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("role", 1), ("revoked", 1))),
)
_NOTED_EVERY = timedelta(minutes=1)


class ApiKeyRepository(AggregateRepository[ApiKey]):
    """One document a key; ``revoked`` mirrors ``revoked_at`` for indexes. Its last use is noted beside its versions."""

    collection = COLLECTION
    noun = "API key"

    async def known(self, identifier: str) -> ApiKey | None:
        """The key, whosever it is."""
        return await self.find(identifier, EVERYTHING)

    async def note_use(self, identifier: str, *, now: datetime) -> None:
        """Note that the key is in use, to the minute."""
        stale = {"$or": [{"last_used_at": None}, {"last_used_at": {"$lte": now - _NOTED_EVERY}}]}
        await self._documents.update_one({"_id": identifier, **stale}, {"$set": {"last_used_at": now}})

    def to_document(self, aggregate: ApiKey) -> Document:
        """The fields as they are, without the last use."""
        return {
            "name": aggregate.name,
            "role": aggregate.role,
            "owner_id": aggregate.owner_id,
            "secrets": [asdict(secret) for secret in aggregate.secrets],
            "expires_at": aggregate.expires_at,
            "revoked_at": aggregate.revoked_at,
            "revoked": aggregate.revoked_at is not None,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> ApiKey:
        """Read what ``to_document`` and ``note_use`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "revoked"}}
        fields["secrets"] = tuple(KeySecret(**secret) for secret in fields["secrets"])
        return ApiKey(id=document["_id"], **fields)
