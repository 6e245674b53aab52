"""Interactions in MongoDB."""

from types import MappingProxyType

from rapport_interactions.interactions.model import Channel, Intent, Interaction
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import APART, ERASED_TEXT, HOME, HUNG_ON, ErasableRepository

COLLECTION = "interactions"
_LATEST_FIRST = (("deleted", 1), ("occurred_at", -1), ("_id", -1))
INDEXES = (
    Index(COLLECTION, _LATEST_FIRST),
    Index(COLLECTION, (("customer_id", 1), *_LATEST_FIRST)),
    Index(COLLECTION, (("customer_owner_id", 1), *_LATEST_FIRST)),
    Index(COLLECTION, (("author_id", 1), *_LATEST_FIRST)),
    Index(COLLECTION, (("deleted", 1), ("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("deleted", 1), ("next_follow_up_at", 1), ("_id", 1))),
    Index(COLLECTION, ((HOME, 1),), only={HOME: {"$exists": True}}),
    Index(COLLECTION, ((HUNG_ON, 1),), only={HUNG_ON: {"$exists": True}}),
)


class InteractionRepository(ErasableRepository[Interaction]):
    """One document an interaction; ``deleted`` mirrors ``deleted_at`` for indexes."""

    collection = COLLECTION
    noun = "interaction"
    personal = MappingProxyType({"content": ERASED_TEXT, "outcome": None, "participants": []})

    async def hand_over(self, customer_id: str, owner_id: str | None) -> bool:
        """All interactions of a customer belong to its new owner; their versions stay. False where there are none."""
        others = {"customer_id": customer_id, "customer_owner_id": {"$ne": owner_id}}
        change = {"$set": {"customer_owner_id": owner_id}}
        result = await self._documents.update_many(others, change, session=self._session)
        return bool(result.modified_count)

    def to_document(self, aggregate: Interaction) -> Document:
        """The fields as they are, enums by value."""
        return {
            "customer_id": aggregate.customer_id,
            "customer_owner_id": aggregate.customer_owner_id,
            "author_id": aggregate.author_id,
            "channel": aggregate.channel.value,
            "occurred_at": aggregate.occurred_at,
            "participants": list(aggregate.participants),
            "content": aggregate.content,
            "outcome": aggregate.outcome,
            "intent": None if aggregate.intent is None else aggregate.intent.value,
            "next_follow_up_at": aggregate.next_follow_up_at,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
            "deleted": aggregate.deleted_at is not None,
        }

    def from_document(self, document: Document) -> Interaction:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {*APART, "deleted"}}
        fields["channel"] = Channel(fields["channel"])
        fields["intent"] = None if fields["intent"] is None else Intent(fields["intent"])
        fields["participants"] = tuple(fields["participants"])
        return Interaction(id=document["_id"], **fields)
