"""Needs in MongoDB."""

from collections.abc import Iterable
from types import MappingProxyType

from rapport_customers.customers.search import text_tokens
from rapport_customers.hanging import HangingRepository
from rapport_customers.needs.model import Need, NeedKind, NeedStatus
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import ERASED_TEXT, HOME

COLLECTION = "needs"
CUSTOMERS = "customers"
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

    async def facts(self, customer_id: str) -> Document:
        """What is known of a customer's needs, by the names of ``CustomerFacts``: deleted ones have changed as well."""
        wanted = {"marks": 1, "deleted": 1, "updated_at": 1}
        found = await self._documents.find({"customer_id": customer_id}, wanted, session=self._session).to_list(None)
        marks = {mark for document in found if not document["deleted"] for mark in document.get("marks", ())}
        return {"needs": sorted(marks), "needs_as_of": max((each["updated_at"] for each in found), default=None)}

    async def fill_marks(self) -> int:
        """Give needs of an earlier release, and their customers, what rules go by; how many needs there were."""
        unmarked = await self._documents.find({"marks": None}).to_list(None)
        needs = [self.from_document(document) for document in unmarked]
        for need in needs:
            await self._documents.update_one({"_id": need.id}, {"$set": {"marks": list(need.marks)}})
        await self._tell_customers({need.customer_id for need in needs})
        return len(needs)

    async def _tell_customers(self, customer_ids: Iterable[str]) -> None:
        for customer_id in customer_ids:
            kept = {"$set": {f"facts.{name}": value for name, value in (await self.facts(customer_id)).items()}}
            await self._database[CUSTOMERS].update_one({"_id": customer_id}, kept)

    def to_document(self, aggregate: Need) -> Document:
        """The fields as they are, enums by value."""
        return {
            **{name: getattr(aggregate, name) for name in _FIELDS},
            "kind": aggregate.kind.value,
            "status": aggregate.status.value,
            "deleted": aggregate.deleted_at is not None,
            "marks": list(aggregate.marks),
            "search": {"text": [] if aggregate.text == ERASED_TEXT else text_tokens(aggregate.text)},
        }

    def from_document(self, document: Document) -> Need:
        """Read what ``to_document`` wrote."""
        fields = {name: document[name] for name in _FIELDS}
        kind, status = NeedKind(document["kind"]), NeedStatus(document["status"])
        return Need(id=document["_id"], version=document["version"], kind=kind, status=status, **fields)
