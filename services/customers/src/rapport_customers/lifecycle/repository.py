"""The stays of customers in stages, in MongoDB: one document each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.model import CustomerStage
from rapport_customers.lifecycle.model import StageSummary, Stay
from rapport_shared.actor import Actor
from rapport_shared.aggregate import Change
from rapport_shared.explanation import current_occurrence, current_reason
from rapport_shared.mongo import Database, Document, Index, Session, every, insert_all, update_all
from rapport_shared.rights import Scope

COLLECTION: Final = "stage_stays"
CUSTOMERS: Final = "customers"
HISTORY: Final = "customer_history"
INDEXES: Final = (
    Index(COLLECTION, (("customer_id", 1), ("entered_at", 1), ("_id", 1))),
    Index(COLLECTION, (("left_at", 1), ("stage", 1), ("seconds", 1))),
)


class StayRepository:
    """A stay is written with the change that begins it, and closed with the one that ends it."""

    noun = "stage stay"

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._database = database
        self._documents = database[COLLECTION]
        self._session = session

    async def begin(self, changes: Sequence[Change[Any]], *, by: Actor) -> None:
        """Customers come to another stage, or to their first; two calls at most."""
        assert self._session is not None  # noqa: S101 - with the change that begins it
        ends = [_end(each.aggregate, each.before) for each in changes if each.before is not None]
        await update_all(self._documents, ends, session=self._session)
        await insert_all(self._documents, [_begun(each, by) for each in changes], session=self._session)

    async def hand_over(self, customer_id: str, owner_id: str | None) -> None:
        """The stays belong to the customer's new owner."""
        change = {"$set": {"customer_owner_id": owner_id}}
        await self._documents.update_many({"customer_id": customer_id}, change, session=self._session)

    async def erase(self, customer_id: str) -> int:
        """Take the reasons out of the customer's stays; how many there are."""
        change = {"$set": {"reason": None}}
        result = await self._documents.update_many({"customer_id": customer_id}, change, session=self._session)
        return result.matched_count

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete all stays of these customers for good."""
        theirs = {"customer_id": {"$in": list(customer_ids)}}
        await self._documents.delete_many(theirs, session=self._session)

    async def of_customers(self, customer_ids: Sequence[str]) -> dict[str, list[Stay]]:
        """The stays of each customer, oldest first; one query."""
        found = self._documents.find({"customer_id": {"$in": list(customer_ids)}})
        stays: dict[str, list[Stay]] = {identifier: [] for identifier in customer_ids}
        for document in await found.sort([("customer_id", 1), ("entered_at", 1), ("_id", 1)]).to_list(None):
            stays[document["customer_id"]].append(_stay(document))
        return stays

    async def summaries(self, since: datetime, until: datetime, scope: Scope, owners: Scope) -> list[StageSummary]:
        """Each stage: who is in it now, and the stays that ended in that time; two queries.

        ``scope`` is the reach of customers, ``owners`` the same for what hangs on them.
        """
        ended = every({"left_at": {"$gte": since, "$lte": until}}, owners.filter())
        spans = {"left": {"$sum": 1}, "shortest": {"$min": "$seconds"}, "longest": {"$max": "$seconds"}}
        group = {"_id": "$stage", **spans, "mean": {"$avg": "$seconds"}}
        left = await (await self._documents.aggregate([{"$match": ended}, {"$group": group}])).to_list(None)
        present = every({"deleted": False}, scope.filter())
        pipeline: list[Document] = [{"$match": present}, {"$group": {"_id": "$stage", "customers": {"$sum": 1}}}]
        counted = await (await self._database[CUSTOMERS].aggregate(pipeline)).to_list(None)
        now, past = {row["_id"]: row["customers"] for row in counted}, {row["_id"]: row for row in left}
        return [_summary(stage, now.get(stage.value, 0), past.get(stage.value, {})) for stage in CustomerStage]

    async def fill(self) -> int:
        """Begin the stays of customers stored by an earlier release, by their history; how many customers."""
        customers, filled = self._database[CUSTOMERS], 0
        async for customer in customers.find({"stage_since": None}, {"stage": 1, "owner_id": 1, "created_at": 1}):
            entered = {"customer_id": customer["_id"], "changes.field": "stage"}
            last = await self._database[HISTORY].find(entered).sort("version", -1).limit(1).to_list(None)
            at = last[0]["at"] if last else customer["created_at"]
            stay = _unexplained(customer, at)
            await self._documents.update_one({"_id": stay.pop("_id")}, {"$setOnInsert": stay}, upsert=True)
            unfilled = {"_id": customer["_id"], "stage_since": None}
            ranks = {"priority": "NORMAL", "priority_rank": 1}
            await customers.update_one(unfilled, {"$set": {"stage_since": at, **ranks}})
            filled += 1
        return filled


def _end(customer: Any, before: Document) -> tuple[Document, Document]:
    """The last stay's end: which document, and what of it changes."""
    at, since = customer.updated_at, before.get("stage_since") or before["created_at"]
    change = {"$set": {"left_at": at, "seconds": int((at - since).total_seconds())}}
    return {"customer_id": customer.id, "left_at": None}, change


def _begun(change: Change[Any], by: Actor) -> Document:
    customer, after = change.aggregate, change.after
    return {
        "_id": f"{customer.id}:{after['version']}",
        "customer_id": customer.id,
        "customer_owner_id": after["owner_id"],
        "stage": after["stage"],
        "previous": None if change.before is None else change.before["stage"],
        "entered_at": customer.updated_at,
        "occurred_at": current_occurrence(),
        "left_at": None,
        "seconds": None,
        "by": by.id,
        "via": by.via.value,
        "reason": current_reason(),
    }


def _unexplained(customer: Document, at: datetime) -> Document:
    return {
        "_id": f"{customer['_id']}:0",
        "customer_id": customer["_id"],
        "customer_owner_id": customer["owner_id"],
        "stage": customer["stage"],
        "previous": None,
        "entered_at": at,
        "occurred_at": None,
        "left_at": None,
        "seconds": None,
        "by": "system",
        "via": "SYSTEM",
        "reason": None,
    }


def _stay(document: Document) -> Stay:
    fields = {name: value for name, value in document.items() if name not in {"_id", "customer_owner_id"}}
    fields["stage"] = CustomerStage(fields["stage"])
    fields["previous"] = None if fields["previous"] is None else CustomerStage(fields["previous"])
    return Stay(**fields)


def _summary(stage: CustomerStage, customers: int, past: Document) -> StageSummary:
    mean = past.get("mean")
    return StageSummary(
        stage=stage,
        customers=customers,
        left=past.get("left", 0),
        shortest=past.get("shortest"),
        mean=None if mean is None else round(mean),
        longest=past.get("longest"),
    )
