"""What others do for a customer: when it was spoken with, which tasks are open, and since when that is so.

Times are those of events, never of whoever handles them: the same events, in whatever order, leave the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapport_shared.mongo import Database, Document, Index, Projection, Session

INTERACTIONS: Final = "interaction_touches"
TASKS: Final = "task_touches"
TIMES: Final = "touch_times"
_AS_OF: Final = {INTERACTIONS: "interactions_as_of", TASKS: "tasks_as_of"}
INDEXES: Final = (
    Index(INTERACTIONS, (("customer_id", 1), ("deleted", 1), ("occurred_at", -1), ("_id", -1))),
    Index(TASKS, (("customer_id", 1), ("open", 1))),
)


@dataclass(frozen=True, slots=True)
class Telling:
    """An event: the version of its record, when it was, and which customers the record was of before and after."""

    version: int
    at: datetime
    named: frozenset[str]


class Touches:
    """One row an interaction, ``{customer_id, occurred_at, deleted, intent}``, and one a task, ``{customer_id, open,
    due_at}``; rows of an earlier release have neither ``intent`` nor ``due_at``. One row a customer that events have
    named, before or after what they tell: the times of the latest, ``{interactions_as_of, tasks_as_of}``.

    Rows stay with the customer that they were told to be of; the facts of a merged customer are counted over all that
    it is made of.
    """

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._interactions = database[INTERACTIONS]
        self._tasks = database[TASKS]
        self._times = database[TIMES]
        self._session = session
        self._projections = {name: Projection(database, name, session) for name in (INTERACTIONS, TASKS)}

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Delete all rows of these customers for good."""
        theirs = {"customer_id": {"$in": list(customer_ids)}}
        for rows in (self._interactions, self._tasks):
            await rows.delete_many(theirs, session=self._session)
        await self._times.delete_many({"_id": {"$in": list(customer_ids)}}, session=self._session)

    async def keep_interaction(
        self,
        identifier: str,
        telling: Telling,
        *,
        customer_id: str,
        occurred_at: datetime,
        deleted: bool,
        intent: str | None,
    ) -> set[str]:
        """Take over a newer state; the customers about whom something else is known now."""
        values = {"customer_id": customer_id, "occurred_at": occurred_at, "deleted": deleted, "intent": intent}
        return await self._keep(INTERACTIONS, identifier, telling, values)

    async def keep_task(
        self, identifier: str, telling: Telling, *, customer_id: str | None, is_open: bool, due_at: datetime | None
    ) -> set[str]:
        """Take over a newer state; the customers about whom something else is known now."""
        values = {"customer_id": customer_id, "open": is_open, "due_at": due_at}
        return await self._keep(TASKS, identifier, telling, values)

    async def facts(self, family: Sequence[str], sources: Sequence[str] = (INTERACTIONS, TASKS)) -> Document:
        """What these sources tell of these customers, who are one, by the names of ``CustomerFacts``."""
        named = self._times.find({"_id": {"$in": list(family)}}, session=self._session)
        times = await named.to_list(None)
        as_of = {_AS_OF[source] for source in sources}
        found: Document = {name: max((row[name] for row in times if name in row), default=None) for name in as_of}
        if INTERACTIONS in sources:
            found |= await self._spoken(family)
        if TASKS in sources:
            found |= await self._to_do(family)
        return found

    async def _spoken(self, family: Sequence[str]) -> Document:
        theirs: Document = {"customer_id": {"$in": list(family)}, "deleted": False}
        spoken = self._interactions.find(theirs, session=self._session)
        latest = await spoken.sort([("occurred_at", -1), ("_id", -1)]).limit(1).to_list(None)
        return {
            "last_interaction_at": latest[0]["occurred_at"] if latest else None,
            "last_intent": latest[0].get("intent") if latest else None,
        }

    async def _to_do(self, family: Sequence[str]) -> Document:
        theirs: Document = {"customer_id": {"$in": list(family)}, "open": True}
        tasks = await self._tasks.find(theirs, {"due_at": 1}, session=self._session).to_list(None)
        return {"open_tasks": len(tasks), "next_due_at": _earliest_due(tasks)}

    async def first_spoken(self, after: Mapping[str, datetime | None]) -> dict[str, datetime]:
        """When each of these customers was first spoken with, or first after the time given for it; one query."""
        if not after:
            return {}
        theirs = [
            {"customer_id": identifier, "deleted": False, **({} if at is None else {"occurred_at": {"$gt": at}})}
            for identifier, at in after.items()
        ]
        group = {"_id": "$customer_id", "at": {"$min": "$occurred_at"}}
        found = await self._interactions.aggregate(
            [{"$match": {"$or": theirs}}, {"$group": group}], session=self._session
        )
        return {row["_id"]: row["at"] async for row in found}

    async def _keep(self, collection: str, identifier: str, telling: Telling, values: dict[str, Any]) -> set[str]:
        """What comes late changes no row, and yet says when its customers were told of."""
        projection = self._projections[collection]
        before = await projection.find(identifier)
        if before is not None and before["version"] == telling.version:
            return set()
        await projection.apply(identifier, telling.version, values)
        latest = {"$max": {_AS_OF[collection]: telling.at}}
        for customer_id in sorted(telling.named):
            await self._times.update_one({"_id": customer_id}, latest, upsert=True, session=self._session)
        known = None if before is None else before["customer_id"]
        return set(telling.named) if known is None else {*telling.named, known}


def _earliest_due(tasks: Sequence[Document]) -> datetime | None:
    """None also where it is not known of every task."""
    if not all("due_at" in task for task in tasks):
        return None
    return min((task["due_at"] for task in tasks if task["due_at"] is not None), default=None)
