"""Histories of customers in MongoDB: one document a change."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from rapport_customers.history.model import BUSINESS_FIELDS, Entry, FieldChange, is_late
from rapport_shared.actor import Actor
from rapport_shared.aggregate import Change
from rapport_shared.audit.trail import changed_fields
from rapport_shared.explanation import current_occurrence, current_reason
from rapport_shared.mongo import Database, Document, Index, NestedPages, Page, PageRequest, Session, every
from rapport_shared.rights import Reach, Scope
from rapport_shared.tracing import current_trace

COLLECTION: Final = "customer_history"
CUSTOMERS: Final = "customers"
INDEXES: Final = (
    Index(COLLECTION, (("customer_id", 1), ("version", -1), ("_id", -1))),
    Index(COLLECTION, (("customer_id", 1), ("at", -1), ("_id", -1))),
    Index(COLLECTION, (("late", 1), ("at", -1), ("_id", -1))),
)


class HistoryRepository:
    """The entries; only an erasure changes any."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._database = database
        self._documents = database[COLLECTION]
        self._session = session

    async def add(self, changes: Sequence[Change[Any]], *, by: Actor) -> None:
        """Keep changes of customers, in their transaction; one call."""
        await self._documents.insert_many([_made(change, by) for change in changes], session=self._session)

    async def page(self, condition: Document, request: PageRequest, scope: Scope) -> Page[Entry]:
        """One page of the entries of customers within reach, in one query."""
        if request.size == 0:
            return Page([], [], has_next=False, has_previous=False)
        pipeline = [{"$match": request.query(condition)}, *_within(scope), {"$sort": request.sort()}]
        found = await self._documents.aggregate([*pipeline, {"$limit": request.size + 1}])
        return _page(request, await found.to_list(None))

    async def count(self, condition: Document, scope: Scope) -> int:
        """How many entries of customers within reach match."""
        pipeline = [{"$match": condition}, *_within(scope), {"$count": "count"}]
        found = await (await self._documents.aggregate(pipeline)).to_list(None)
        return int(found[0]["count"]) if found else 0

    async def nested_pages(
        self, customers: Sequence[str], condition: Document, request: PageRequest
    ) -> dict[str, Page[Entry]]:
        """A page for each customer, in one query."""
        if request.size == 0:
            return {}
        nested = NestedPages(COLLECTION, "customer_id", request)
        results = await self._database[CUSTOMERS].aggregate(nested.pipeline(customers, condition))
        return {result["_id"]: _page(request, result["found"]) async for result in results}

    async def nested_counts(self, customers: Sequence[str], condition: Document) -> dict[str, int]:
        """How many entries each customer has, in one query."""
        match = every({"customer_id": {"$in": list(customers)}}, condition)
        pipeline: list[Document] = [{"$match": match}, {"$group": {"_id": "$customer_id", "count": {"$sum": 1}}}]
        return {result["_id"]: result["count"] async for result in await self._documents.aggregate(pipeline)}

    async def since(self, customer_id: str, at: datetime) -> list[Entry]:
        """The customer's entries after that time, newest first."""
        condition = {**_recorded_for(customer_id), "at": {"$gt": at}}
        found = await self._documents.find(condition, session=self._session).sort("version", -1).to_list(None)
        return [_entry(document) for document in found]

    async def last_until(self, customer_id: str, at: datetime) -> Entry | None:
        """The customer's last entry at or before that time."""
        condition = {**_recorded_for(customer_id), "at": {"$lte": at}}
        found = await self._documents.find(condition, session=self._session).sort("version", -1).limit(1).to_list(None)
        return _entry(found[0]) if found else None

    async def of_version(self, customer_id: str, version: int) -> Entry | None:
        """What led to a version of the customer."""
        found = await self._documents.find_one({"_id": f"{customer_id}:{version}"}, session=self._session)
        return None if found is None else _entry(found)

    async def follow(self, family: Sequence[str], customer_id: str) -> None:
        """The entries recorded for these customers are part of another one's history from now on."""
        for member in family:
            moved = {"$set": {"customer_id": customer_id}}
            await self._documents.update_many(_recorded_for(member), moved, session=self._session)

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete all entries of these customers for good."""
        theirs = {"customer_id": {"$in": list(customer_ids)}}
        await self._documents.delete_many(theirs, session=self._session)

    async def erase(self, customer_id: str) -> int:
        """Take every personal value and every reason out of the customer's entries; how many there are."""
        found = await self._documents.find({"customer_id": customer_id}, session=self._session).to_list(None)
        for document in found:
            changes = [_without_values(change) for change in document["changes"]]
            bare = {"$set": {"changes": changes, "reason": None}}
            await self._documents.update_one({"_id": document["_id"]}, bare, session=self._session)
        return len(found)


def _made(change: Change[Any], by: Actor) -> Document:
    """The entry of a change."""
    customer, at, occurred_at = change.aggregate, change.aggregate.updated_at, current_occurrence()
    was, became = customer.flat(change.before or {}), customer.flat(change.after)
    return {
        "_id": f"{customer.id}:{customer.version}",
        "customer_id": customer.id,
        "version": customer.version,
        "action": customer.recorded[-1].routing_key.split(".")[2],
        "at": at,
        "occurred_at": occurred_at,
        "late": is_late(at, occurred_at),
        "actor": by.id,
        "via": by.via.value,
        "reason": current_reason(),
        "correlation_id": current_trace().correlation_id,
        "changes": [
            {"field": name, "before": was.get(name), "after": became.get(name)}
            for name in changed_fields(customer, change.before, change.after)
        ],
    }


def _recorded_for(customer_id: str) -> Document:
    """The entries of a customer's own past, whoever's history they are part of since a merge."""
    return {"_id": {"$gte": f"{customer_id}:", "$lt": f"{customer_id};"}}


def _without_values(change: dict[str, Any]) -> dict[str, Any]:
    return change if change["field"] in BUSINESS_FIELDS else {**change, "before": None, "after": None}


def _within(scope: Scope) -> list[Document]:
    """Keeps the entries of customers within reach."""
    if scope.reach is Reach.ALL:
        return []
    lookup = {"from": CUSTOMERS, "localField": "customer_id", "foreignField": "_id"}
    reached = {**lookup, "pipeline": [{"$match": scope.filter()}, {"$project": {"_id": 1}}], "as": "customer"}
    return [{"$lookup": reached}, {"$match": {"customer.0": {"$exists": True}}}]


def _page(request: PageRequest, documents: Sequence[Document]) -> Page[Entry]:
    page = request.page(documents)
    return page.of([_entry(document) for document in page.items])


def _entry(document: Document) -> Entry:
    fields = {name: value for name, value in document.items() if name not in {"_id", "customer"}}
    fields["customer_id"] = document["_id"].partition(":")[0]
    fields["changes"] = tuple(FieldChange(**change) for change in document["changes"])
    return Entry(id=document["_id"], **fields)
