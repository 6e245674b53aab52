"""Needs in MongoDB."""

from types import MappingProxyType

from rapport_customers.customers.search import text_tokens
from rapport_customers.hanging import HangingRepository
from rapport_customers.needs.model import Need, NeedKind, NeedStatus
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import ERASED_TEXT, HOME

COLLECTION = "needs"
_NEWEST_FIRST = (("deleted", 1), ("created_at", -1), ("_id", -1))
INDEXES = (
    Index(COLLECTION, _NEWEST_FIRST),
    Index(COLLECTION, (("customer_id", 1), *_NEWEST_FIRST)),
    Index(COLLECTION, (("customer_owner_id", 1), *_NEWEST_FIRST)),
    Index(COLLECTION, (("deleted", 1), ("search.text", 1))),
    Index(COLLECTION, (("deleted", 1), ("kind", 1), ("status", 1), ("_id", 1))),
    Index(COLLECTION, ((HOME, 1),), only={HOME: {"$exists": True}}),
)
_FIELDS = ("customer_id", "customer_owner_id", "text", "interaction_id", "created_at", "updated_at", "deleted_at")


class NeedRepository(HangingRepository[Need]):
    """One document a need; ``deleted`` mirrors ``deleted_at`` for indexes, ``search`` holds what it is found by."""

    collection = COLLECTION
    noun = "need"
    personal = MappingProxyType({"text": ERASED_TEXT, "search": {"text": []}})

    def to_document(self, aggregate: Need) -> Document:
        """The fields as they are, enums by value."""
        return {
            **{name: getattr(aggregate, name) for name in _FIELDS},
            "kind": aggregate.kind.value,
            "status": aggregate.status.value,
            "deleted": aggregate.deleted_at is not None,
            "search": {"text": [] if aggregate.text == ERASED_TEXT else text_tokens(aggregate.text)},
        }

    def from_document(self, document: Document) -> Need:
        """Read what ``to_document`` wrote."""
        fields = {name: document[name] for name in _FIELDS}
        kind, status = NeedKind(document["kind"]), NeedStatus(document["status"])
        return Need(id=document["_id"], version=document["version"], kind=kind, status=status, **fields)
