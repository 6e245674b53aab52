"""Deliveries in MongoDB."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from rapport_automation.deliveries.model import KEPT, Delivery, DeliveryStatus
from rapport_shared.mongo import Database, Document, Index, NestedPages, Page, PageRequest, Session, every

COLLECTION = "deliveries"
WEBHOOKS = "webhooks"
INDEXES = (
    Index(COLLECTION, (("status", 1), ("next_at", 1), ("order", 1))),
    Index(COLLECTION, (("lane", 1), ("status", 1), ("order", 1))),
    Index(COLLECTION, (("webhook_id", 1), ("order", -1), ("_id", -1))),
    Index(COLLECTION, (("webhook_id", 1), ("finished_at", -1), ("order", -1))),
    Index(COLLECTION, (("finished_at", 1),), expire_after=KEPT),
)
_PENDING = DeliveryStatus.PENDING.value


class DeliveryRepository:
    """One document a delivery; finished ones are kept for 30 days."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._documents = database[COLLECTION]
        self._webhooks = database[WEBHOOKS]
        self._session = session

    async def add(self, deliveries: Iterable[Delivery]) -> None:
        """Store new ones."""
        rows = [_to_document(delivery) for delivery in deliveries]
        if rows:
            await self._documents.insert_many(rows, session=self._session)

    async def due(
        self, now: datetime, limit: int, *, without: Collection[str], webhooks: Sequence[str]
    ) -> list[Delivery]:
        """Deliveries to try now, the oldest first: of these webhooks, one a lane, not of the lanes ``without``."""
        condition = {
            "status": _PENDING,
            "next_at": {"$lte": now},
            "webhook_id": {"$in": list(webhooks)},
            "lane": {"$nin": sorted(without)},
        }
        found = await self._documents.find(condition, {"lane": 1}).sort("next_at", 1).limit(limit).to_list(None)
        lanes = sorted({document["lane"] for document in found})
        pipeline: list[Document] = [
            {"$match": {"lane": {"$in": lanes}, "status": _PENDING}},
            {"$sort": {"lane": 1, "order": 1}},
            {"$group": {"_id": "$lane", "first": {"$first": "$$ROOT"}}},
        ]
        firsts = [_from_document(row["first"]) async for row in await self._documents.aggregate(pipeline)]
        # What comes first in its lane may be waiting for another try: those behind it wait as well.
        return sorted((first for first in firsts if first.next_at <= now), key=lambda first: first.order)

    async def finish(self, delivery: Delivery, status: DeliveryStatus, now: datetime, **facts: Any) -> None:
        """Note what became of a delivery."""
        change = {"status": status.value, "finished_at": now, **facts}
        await self._documents.update_one({"_id": delivery.id}, {"$set": change}, session=self._session)

    async def postpone(self, delivery: Delivery, next_at: datetime, **facts: Any) -> None:
        """Note that a delivery is to be tried again."""
        change = {"next_at": next_at, **facts}
        await self._documents.update_one({"_id": delivery.id}, {"$set": change}, session=self._session)

    async def refusals_in_a_row(self, webhook_id: str, limit: int) -> int:
        """How many of the last deliveries were refused for good, up to ``limit``."""
        condition = {"webhook_id": webhook_id, "status": {"$in": [status.value for status in _TRIED]}}
        found = self._documents.find(condition, {"status": 1}, session=self._session)
        last = await found.sort([("finished_at", -1), ("order", -1)]).limit(limit).to_list(None)
        statuses = [document["status"] for document in last]
        return next((count for count, status in enumerate(statuses) if status != _FAILED), len(statuses))

    async def again(self, condition: Document, now: datetime) -> int:
        """Have finished deliveries tried once more, as if for the first time; how many there are."""
        again = {**condition, "status": {"$ne": _PENDING}}
        change = {"$set": {"status": _PENDING, "attempts": 0, "next_at": now, "finished_at": None}}
        result = await self._documents.update_many(again, change, session=self._session)
        return int(result.modified_count)

    async def drop(self, webhook_id: str) -> None:
        """Forget what a webhook was not told yet."""
        await self._documents.delete_many({"webhook_id": webhook_id, "status": _PENDING}, session=self._session)

    async def find(self, identifier: str) -> Delivery | None:
        """The delivery of this id."""
        found = await self._documents.find_one({"_id": identifier}, session=self._session)
        return None if found is None else _from_document(found)

    async def nested_pages(
        self, webhooks: Sequence[str], condition: Document, request: PageRequest
    ) -> dict[str, Page[Delivery]]:
        """A page for each webhook, in one query."""
        if request.size == 0:
            return {}
        pipeline = NestedPages(COLLECTION, "webhook_id", request).pipeline(webhooks, condition)
        results = await self._webhooks.aggregate(pipeline, session=self._session)
        pages = {result["_id"]: request.page(result["found"]) async for result in results}
        return {
            webhook: page.of([_from_document(document) for document in page.items]) for webhook, page in pages.items()
        }

    async def nested_counts(self, webhooks: Sequence[str], condition: Document) -> dict[str, int]:
        """How many deliveries each webhook has, in one query."""
        match = every({"webhook_id": {"$in": list(webhooks)}}, condition)
        pipeline: list[Document] = [{"$match": match}, {"$group": {"_id": "$webhook_id", "count": {"$sum": 1}}}]
        results = await self._documents.aggregate(pipeline, session=self._session)
        return {result["_id"]: result["count"] async for result in results}


_FAILED = DeliveryStatus.FAILED.value
_TRIED = (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)
_FIELDS = (
    "webhook_id",
    "lane",
    "order",
    "event_type",
    "body",
    "attempts",
    "next_at",
    "created_at",
    "finished_at",
    "last_status",
    "last_error",
)


def _to_document(delivery: Delivery) -> Document:
    values = {name: getattr(delivery, name) for name in _FIELDS}
    return {"_id": delivery.id, **values, "status": delivery.status.value}


def _from_document(document: Document) -> Delivery:
    values = {name: document[name] for name in _FIELDS}
    values["body"] = bytes(values["body"])
    return Delivery(id=document["_id"], status=DeliveryStatus(document["status"]), **values)
