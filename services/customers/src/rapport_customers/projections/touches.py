"""What others do for a customer, as far as rules go by it: when it was spoken with, and which tasks are open."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rapport_shared.mongo import Database, Document, Index, Projection, Session

INTERACTIONS: Final = "interaction_touches"
TASKS: Final = "task_touches"
INDEXES: Final = (
    Index(INTERACTIONS, (("customer_id", 1), ("deleted", 1), ("occurred_at", -1))),
    Index(TASKS, (("customer_id", 1), ("open", 1))),
)


class Touches:
    """One row an interaction, ``{customer_id, occurred_at, deleted}``, and one a task, ``{customer_id, open}``.

    Rows stay with the customer that they were told to be of; the facts of a merged customer are counted over all that
    it is made of.
    """

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._interactions = database[INTERACTIONS]
        self._tasks = database[TASKS]
        self._session = session
        self._projections = {name: Projection(database, name, session) for name in (INTERACTIONS, TASKS)}

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete all rows of these customers for good."""
        theirs = {"customer_id": {"$in": list(customer_ids)}}
        for rows in (self._interactions, self._tasks):
            await rows.delete_many(theirs, session=self._session)

    async def keep_interaction(
        self, identifier: str, version: int, *, customer_id: str, occurred_at: datetime, deleted: bool
    ) -> set[str]:
        """Take over a newer state; the customers about whom something else is known now."""
        values = {"customer_id": customer_id, "occurred_at": occurred_at, "deleted": deleted}
        return await self._keep(INTERACTIONS, identifier, version, values)

    async def keep_task(self, identifier: str, version: int, *, customer_id: str | None, is_open: bool) -> set[str]:
        """Take over a newer state; the customers about whom something else is known now."""
        return await self._keep(TASKS, identifier, version, {"customer_id": customer_id, "open": is_open})

    async def facts(self, family: Sequence[str]) -> Document:
        """What is known of these customers, who are one: ``{last_interaction_at, open_tasks}``."""
        theirs: Document = {"customer_id": {"$in": list(family)}}
        spoken = self._interactions.find({**theirs, "deleted": False}, {"occurred_at": 1}, session=self._session)
        latest = await spoken.sort("occurred_at", -1).limit(1).to_list(None)
        count = await self._tasks.count_documents({**theirs, "open": True}, session=self._session)
        return {"last_interaction_at": latest[0]["occurred_at"] if latest else None, "open_tasks": count}

    async def first_spoken(self, after: Mapping[str, datetime | None]) -> dict[str, datetime]:
        """When each of these customers was first spoken with, or first after the time given for it; one query."""
        if not after:
            return {}
        theirs = [
            {"customer_id": identifier, "deleted": False, **({} if at is None else {"occurred_at": {"$gt": at}})}
            for identifier, at in after.items()
        ]
        group = {"_id": "$customer_id", "at": {"$min": "$occurred_at"}}
        found = self._interactions.aggregate([{"$match": {"$or": theirs}}, {"$group": group}], session=self._session)
        return {row["_id"]: row["at"] async for row in found}

    async def _keep(self, collection: str, identifier: str, version: int, values: dict[str, Any]) -> set[str]:
        projection = self._projections[collection]
        before = await projection.find(identifier)
        if not await projection.apply(identifier, version, values):
            return set()
        if before is not None and before.items() >= values.items():
            return set()
        told = {values["customer_id"], None if before is None else before["customer_id"]}
        return told - {None}
