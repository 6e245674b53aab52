"""Orders in MongoDB."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from rapport_customers.customers.facts import order_facts
from rapport_customers.deals.lines import Line
from rapport_customers.hanging import HangingRepository
from rapport_customers.orders.errors import OrderNumberTaken
from rapport_customers.orders.model import ENDED, Order, OrderStatus
from rapport_shared.actor import Actor
from rapport_shared.money import Money
from rapport_shared.mongo import Document, DuplicateKey, Index, every
from rapport_shared.persistence import APART, HOME
from rapport_shared.rights import Scope

COLLECTION = "orders"
_LATEST_FIRST = (("ordered_at", -1), ("_id", -1))
INDEXES = (
    Index(COLLECTION, _LATEST_FIRST),
    Index(COLLECTION, (("customer_id", 1), *_LATEST_FIRST)),
    Index(COLLECTION, (("customer_owner_id", 1), *_LATEST_FIRST)),
    Index(COLLECTION, (("total.amount", 1), ("_id", 1))),
    Index(COLLECTION, (("number", 1),), unique=True),
    Index(COLLECTION, ((HOME, 1),), only={HOME: {"$exists": True}}),
)


class OrderRepository(HangingRepository[Order]):
    """One document an order."""

    collection = COLLECTION
    noun = "order"
    personal = MappingProxyType({})  # what was sold, and for how much, has to be kept

    async def save_all(
        self, aggregates: Sequence[Order], *, by: Actor, beside: Mapping[str, Document] = MappingProxyType({})
    ) -> None:
        """Store; raises OrderNumberTaken where another order has the same number."""
        try:
            await super().save_all(aggregates, by=by, beside=beside)
        except DuplicateKey:
            raise OrderNumberTaken("Another order has this number.", path=("input", "number")) from None

    async def by_number(self, numbers: Sequence[str], changeable: Scope) -> dict[str, Order]:
        """The orders with these numbers, whoever's they are, to change those within reach; one query."""
        found = await self._documents.find({"number": {"$in": list(numbers)}}, session=self._session).to_list(None)
        for document in found:
            self._loaded[document["_id"]], self._changeable[document["_id"]] = document, changeable.filter()
        return {document["number"]: self.from_document(document) for document in found}

    async def facts(self, customer_ids: Sequence[str]) -> dict[str, Document]:
        """What each customer bought, by the names of ``CustomerFacts``; one query."""

        def if_counted(value: Any, otherwise: Any) -> Document:
            return {"$cond": [{"$in": ["$status", [status.value for status in ENDED]]}, otherwise, value]}

        group = {
            "_id": {"customer": "$customer_id", "currency": "$total.currency"},
            "count": {"$sum": if_counted(1, 0)},
            "spend": {"$sum": if_counted("$total.amount", 0)},
            "first": {"$min": if_counted("$ordered_at", None)},
            "last": {"$max": if_counted("$ordered_at", None)},
            "changed_at": {"$max": "$updated_at"},
        }
        pipeline: list[Document] = [{"$match": {"customer_id": {"$in": list(customer_ids)}}}, {"$group": group}]
        rows = await (await self._documents.aggregate(pipeline, session=self._session)).to_list(None)
        theirs = {each: [row for row in rows if row["_id"]["customer"] == each] for each in customer_ids}
        return {customer_id: _facts(of) for customer_id, of in theirs.items()}

    async def next_after(self, first: Mapping[str, datetime], scope: Scope) -> dict[str, datetime]:
        """When each customer ordered next after the time given for it, as far as within reach; one query."""
        if not first:
            return {}
        later = [{"customer_id": identifier, "ordered_at": {"$gt": at}} for identifier, at in first.items()]
        counting = every({"$or": later}, {"status": {"$nin": [status.value for status in ENDED]}}, scope.filter())
        group = {"_id": "$customer_id", "at": {"$min": "$ordered_at"}}
        found = await self._documents.aggregate([{"$match": counting}, {"$group": group}], session=self._session)
        return {row["_id"]: row["at"] async for row in found}

    def to_document(self, aggregate: Order) -> Document:
        """The fields as they are, enums by value."""
        return {
            "customer_id": aggregate.customer_id,
            "customer_owner_id": aggregate.customer_owner_id,
            "number": aggregate.number,
            "ordered_at": aggregate.ordered_at,
            "status": aggregate.status.value,
            "lines": [line.document() for line in aggregate.lines],
            "total": aggregate.total.document(),
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
        }

    def from_document(self, document: Document) -> Order:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in APART}
        fields["status"] = OrderStatus(fields["status"])
        fields["lines"] = tuple(Line.stored(line) for line in fields["lines"])
        fields["total"] = Money.stored(fields["total"])
        return Order(id=document["_id"], **fields)


def _facts(rows: Sequence[Document]) -> Document:
    """Of one customer's orders by currency: what counts of them, and when any last changed; None without orders."""
    counted = [{**row, "_id": row["_id"]["currency"]} for row in rows if row["count"]]
    return {**order_facts(counted), "orders_as_of": max((row["changed_at"] for row in rows), default=None)}
