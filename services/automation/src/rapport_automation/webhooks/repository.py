"""Webhooks in MongoDB."""

from rapport_automation.webhooks.model import PausedReason, Webhook
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION = "webhooks"
INDEXES = (
    Index(COLLECTION, (("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("owner_id", 1), ("deleted", 1), ("created_at", -1), ("_id", -1))),
)
_FIELDS = (
    "owner_id",
    "url",
    "events",
    "description",
    "paused_reason",
    "secret",
    "former_secret",
    "former_secret_until",
    "created_at",
    "updated_at",
    "deleted_at",
)


class WebhookRepository(AggregateRepository[Webhook]):
    """One document a webhook; ``deleted`` mirrors ``deleted_at`` for indexes."""

    collection = COLLECTION
    noun = "webhook"

    async def listening(self) -> list[Webhook]:
        """Every webhook that is not deleted, paused ones too: what happens meanwhile waits for them."""
        found = self._documents.find({"deleted": False}, session=self._session)
        return [self.from_document(document) for document in await found.to_list(None)]

    def to_document(self, aggregate: Webhook) -> Document:
        """The fields as they are."""
        values = {name: getattr(aggregate, name) for name in _FIELDS}
        reason = aggregate.paused_reason
        return {
            **values,
            "events": list(aggregate.events),
            "paused_reason": None if reason is None else reason.value,
            "deleted": aggregate.deleted_at is not None,
        }

    def from_document(self, document: Document) -> Webhook:
        """Read what ``to_document`` wrote."""
        values = {name: document[name] for name in _FIELDS}
        values["events"] = tuple(values["events"])
        values["paused_reason"] = None if values["paused_reason"] is None else PausedReason(values["paused_reason"])
        return Webhook(id=document["_id"], version=document["version"], **values)
