"""Deals in MongoDB."""

from collections.abc import Sequence
from datetime import datetime
from types import MappingProxyType

from rapport_customers.contacts.model import DecisionRole
from rapport_customers.deals.lines import Line
from rapport_customers.deals.model import ChainLink, Deal, DealStatus, StageEntry
from rapport_customers.hanging import HangingRepository
from rapport_shared.money import Money
from rapport_shared.mongo import Document, Index, every
from rapport_shared.persistence import APART, ERASED_TEXT, HOME, HUNG_ON
from rapport_shared.rights import Scope

COLLECTION = "deals"
_NEWEST_FIRST = (("deleted", 1), ("created_at", -1), ("_id", -1))
INDEXES = (
    Index(COLLECTION, _NEWEST_FIRST),
    Index(COLLECTION, (("customer_id", 1), *_NEWEST_FIRST)),
    Index(COLLECTION, (("customer_owner_id", 1), *_NEWEST_FIRST)),
    Index(COLLECTION, (("pipeline_id", 1), ("stage", 1), ("deleted", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("name", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("amount.amount", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("expected_close_at", 1), ("_id", 1))),
    Index(COLLECTION, ((HOME, 1),), only={HOME: {"$exists": True}}),
    Index(COLLECTION, ((HUNG_ON, 1),), only={HUNG_ON: {"$exists": True}}),
)


class DealRepository(HangingRepository[Deal]):
    """One document a deal; ``deleted`` mirrors ``deleted_at`` for indexes."""

    collection = COLLECTION
    noun = "deal"
    personal = MappingProxyType({"name": ERASED_TEXT, "source": None})

    async def erase(self, customer_id: str, at: datetime) -> list[str]:
        """Why a deal came to a stage is a text as well."""
        theirs = {"customer_id": customer_id}
        async for deal in self._documents.find(theirs, {"stages": 1}, session=self._session):
            stages = [{**entry, "reason": None} for entry in deal["stages"]]
            await self._documents.update_one({"_id": deal["_id"]}, {"$set": {"stages": stages}}, session=self._session)
        return await super().erase(customer_id, at)

    async def of_customers(self, customer_ids: Sequence[str], scope: Scope) -> dict[str, list[Deal]]:
        """The deals of each customer within reach; one query."""
        condition = every({"customer_id": {"$in": list(customer_ids)}, "deleted": False}, scope.filter())
        deals: dict[str, list[Deal]] = {identifier: [] for identifier in customer_ids}
        async for document in self._documents.find(condition, session=self._session):
            deals[document["customer_id"]].append(self.from_document(document))
        return deals

    def to_document(self, aggregate: Deal) -> Document:
        """The fields as they are, enums by value."""
        return {
            "customer_id": aggregate.customer_id,
            "customer_owner_id": aggregate.customer_owner_id,
            "name": aggregate.name,
            "pipeline_id": aggregate.pipeline_id,
            "stage": aggregate.stage,
            "status": aggregate.status.value,
            "amount": None if aggregate.amount is None else aggregate.amount.document(),
            "lines": [line.document() for line in aggregate.lines],
            "expected_close_at": aggregate.expected_close_at,
            "source": aggregate.source,
            "decision_chain": _stored_chain(aggregate.decision_chain),
            "stages": [
                {"stage": entry.stage, "at": entry.at, "by": entry.by, "reason": entry.reason}
                for entry in aggregate.stages
            ],
            "closed_at": aggregate.closed_at,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
            "deleted": aggregate.deleted_at is not None,
        }

    def from_document(self, document: Document) -> Deal:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {*APART, "deleted"}}
        fields["status"] = DealStatus(fields["status"])
        fields["amount"] = Money.stored(fields["amount"])
        fields["lines"] = tuple(Line.stored(line) for line in fields["lines"])
        chain = fields.get("decision_chain")
        fields["decision_chain"] = None if chain is None else tuple(map(_link, chain))
        fields["stages"] = tuple(StageEntry(**entry) for entry in fields["stages"])
        return Deal(id=document["_id"], **fields)


def _stored_chain(links: Sequence[ChainLink] | None) -> list[Document] | None:
    return None if links is None else [{"contact_id": link.contact_id, "role": link.role.value} for link in links]


def _link(document: Document) -> ChainLink:
    return ChainLink(contact_id=document["contact_id"], role=DecisionRole(document["role"]))
