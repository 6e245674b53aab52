"""Transfers in MongoDB."""

from typing import Any, Final

from rapport_customers.transfers.model import Transfer
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION: Final = "transfers"
CUSTOMERS: Final = "customers"
INDEXES: Final = (
    Index(COLLECTION, (("customers_left", 1), ("_id", 1)), only={"customers_left": True}),
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
)
_FIELDS: Final = (
    "from_id",
    "to_id",
    "customers",
    "tasks",
    "note",
    "by",
    "via",
    "customers_left",
    "tasks_left",
    "tasks_moved",
    "created_at",
    "ended_at",
)


class TransferRepository(AggregateRepository[Transfer]):
    """One document a transfer; ``customers_moved`` is counted beside the aggregate, with each step."""

    collection = COLLECTION
    noun = "transfer"

    async def running(self) -> Transfer | None:
        """The oldest transfer with customers left to move."""
        found = await self._documents.find({"customers_left": True}).sort("_id", 1).to_list(1)
        return self.from_document(found[0]) if found else None

    async def next_customers(self, transfer: Transfer, limit: int) -> list[str]:
        """Customers that are still the former owner's, deleted ones included."""
        found = self._database[CUSTOMERS].find(_theirs(transfer), {"_id": 1}, session=self._session)
        return [row["_id"] for row in await found.limit(limit).to_list(None)]

    async def count_customers(self, transfer: Transfer) -> int:
        """How many customers there are to move."""
        return await self._database[CUSTOMERS].count_documents(_theirs(transfer), session=self._session)

    async def store(self, aggregate: Transfer, *, by: Actor) -> None:
        """Store what changed, whether it is a fact for others or not yet."""
        if aggregate.recorded:
            await self.save(aggregate, by=by)
            return
        unchanged = {"_id": aggregate.id, "version": aggregate.version}
        await self._documents.update_one(unchanged, {"$set": self.to_document(aggregate)}, session=self._session)

    async def progress(self, identifier: str, moved: int) -> None:
        """So many more customers were moved, in the transaction that moves them; the version stays."""
        change = {"$inc": {"customers_moved": moved}}
        await self._documents.update_one({"_id": identifier}, change, session=self._session)

    def to_document(self, aggregate: Transfer) -> Document:
        """The fields as they are."""
        chosen = None if aggregate.customer_ids is None else list(aggregate.customer_ids)
        return {**{name: getattr(aggregate, name) for name in _FIELDS}, "customer_ids": chosen}

    def from_document(self, document: Document) -> Transfer:
        """Read what ``to_document`` wrote."""
        fields: dict[str, Any] = {name: document[name] for name in _FIELDS}
        chosen = document["customer_ids"]
        return Transfer(
            id=document["_id"],
            version=document["version"],
            customer_ids=None if chosen is None else tuple(chosen),
            customers_moved=document.get("customers_moved", 0),
            **fields,
        )


def _theirs(transfer: Transfer) -> Document:
    theirs: Document = {"owner_id": transfer.from_id}
    return theirs if transfer.customer_ids is None else {**theirs, "_id": {"$in": list(transfer.customer_ids)}}
