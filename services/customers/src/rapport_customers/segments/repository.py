"""Segments in MongoDB; who is in one stands on the customers' records."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport_customers.segments.errors import SegmentNameTaken
from rapport_customers.segments.model import Segment
from rapport_shared.actor import Actor
from rapport_shared.mongo import Document, DuplicateKey, Index, every
from rapport_shared.persistence import AggregateRepository

COLLECTION = "segments"
CUSTOMERS = "customers"
INDEXES = (
    Index(COLLECTION, (("deleted", 1), ("created_at", 1), ("_id", 1))),
    Index(COLLECTION, (("deleted", 1), ("name", 1), ("_id", 1))),
    Index(COLLECTION, (("name", 1),), unique=True, only={"deleted": False}),
)


class SegmentRepository(AggregateRepository[Segment]):
    """One document a segment."""

    collection = COLLECTION
    noun = "segment"

    async def save(self, aggregate: Segment, *, by: Actor) -> None:
        """Store; raises SegmentNameTaken where another segment has the name."""
        try:
            await super().save(aggregate, by=by)
        except DuplicateKey as taken:
            if "name" not in (taken.details or {}).get("keyPattern", {}):
                raise
            raise SegmentNameTaken("Another segment has this name.", path=("input", "name")) from None

    async def counting(self) -> list[Segment]:
        """The segments that there are."""
        found = await self._documents.find({"deleted": False}, session=self._session).to_list(None)
        return [self.from_document(document) for document in found]

    async def replace(self, change: Callable[[Mapping[str, Any]], Any], *, now: datetime, by: Actor) -> None:
        """Change the rules of all segments."""
        for segment in await self.counting():
            segment.update({"rule": change(segment.rule)}, now=now)
            await self.save(segment, by=by)

    async def of_members(self, customer_ids: Sequence[str]) -> dict[str, list[str]]:
        """The ids of the segments of these customers, in one query."""
        found = self._database[CUSTOMERS].find({"_id": {"$in": list(customer_ids)}}, {"segments": 1})
        return {each["_id"]: each.get("segments", []) async for each in found}

    async def member_counts(self, segment_ids: Sequence[str], condition: Document) -> dict[str, int]:
        """How many customers that match each of these segments has, in one query; one without any is absent."""
        wanted = {"segments": {"$in": list(segment_ids)}}
        pipeline: list[Document] = [
            {"$match": every(wanted, condition)},
            {"$unwind": "$segments"},
            {"$match": wanted},
            {"$group": {"_id": "$segments", "count": {"$sum": 1}}},
        ]
        return {each["_id"]: each["count"] async for each in await self._database[CUSTOMERS].aggregate(pipeline)}

    def to_document(self, aggregate: Segment) -> Document:
        """The fields as they are."""
        return {
            "name": aggregate.name,
            "rule": aggregate.rule,
            "rule_version": aggregate.rule_version,
            "created_at": aggregate.created_at,
            "updated_at": aggregate.updated_at,
            "deleted_at": aggregate.deleted_at,
            "deleted": aggregate.deleted_at is not None,
        }

    def from_document(self, document: Document) -> Segment:
        """Read what ``to_document`` wrote."""
        fields = {name: value for name, value in document.items() if name not in {"_id", "deleted"}}
        return Segment(id=document["_id"], **fields)
