"""Merges in MongoDB: one document each, with no personal value."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

from rapport_customers.merges.model import Merge
from rapport_shared.mongo import Database, Document, Index, Session

COLLECTION: Final = "customer_merges"
INDEXES: Final = (Index(COLLECTION, (("survivor_id", 1), ("_id", -1))),)


class MergeRepository:
    """What was merged, and whether it still is."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._documents = database[COLLECTION]
        self._session = session

    async def add(self, merge: Merge) -> None:
        """Keep a merge, in its transaction."""
        values = {name: value for name, value in asdict(merge).items() if name != "id"}
        document = {"_id": merge.id, **values, "other_ids": list(merge.other_ids)}
        await self._documents.insert_one(document, session=self._session)

    async def find(self, identifier: str) -> Merge | None:
        """The merge, whoever asks."""
        found = await self._documents.find_one({"_id": identifier}, session=self._session)
        return None if found is None else _merge(found)

    async def undo(self, identifier: str, *, at: datetime, by_id: str) -> None:
        """Note that a merge does not hold any more."""
        change = {"$set": {"undone_at": at, "undone_by_id": by_id}}
        await self._documents.update_one({"_id": identifier}, change, session=self._session)

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete all merges into any of these customers for good."""
        theirs = {"survivor_id": {"$in": list(customer_ids)}}
        await self._documents.delete_many(theirs, session=self._session)

    async def of_survivors(self, survivor_ids: Sequence[str]) -> dict[str, list[Merge]]:
        """The merges of each customer, the newest first; one query."""
        found = self._documents.find({"survivor_id": {"$in": list(survivor_ids)}}).sort("_id", -1)
        merges: dict[str, list[Merge]] = {identifier: [] for identifier in survivor_ids}
        async for document in found:
            merges[document["survivor_id"]].append(_merge(document))
        return merges


def _merge(document: Document) -> Merge:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Merge(id=document["_id"], **{**fields, "other_ids": tuple(document["other_ids"])})
