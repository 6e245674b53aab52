"""What waits for the rules, in MongoDB: customers by the time at which to look at them, and the sweep after a change.

A customer's record has ``evaluate_at``, which every change of it and of its facts sets to the past, and ``marks``,
which counts what others count about it: a record that has both the same is the one that was looked at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rapport_customers.customers.facts import NOW_DUE
from rapport_shared.mongo import Database, Document, Index, Session, update_each

CUSTOMERS: Final = "customers"
SWEEPS: Final = "rule_sweeps"
_ID: Final = "rules"
INDEXES: Final = (Index(CUSTOMERS, (("evaluate_at", 1), ("_id", 1))),)
SWEPT_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far all customers have been marked since the rules changed for the ``generation``-th time."""

    generation: int
    after: str | None


class SweepRepository:
    """One document: rules that change, change it in their transaction."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._documents = database[SWEEPS]
        self._customers = database[CUSTOMERS]
        self._session = session

    async def current(self) -> Sweep:
        """How far the sweep is; of generation 0 where no rule ever was."""
        found = await self._documents.find_one({"_id": _ID}, session=self._session)
        return Sweep(0, None) if found is None else Sweep(found["generation"], found["after"])

    async def start(self) -> None:
        """All customers are to be looked at again."""
        change: Document = {"$inc": {"generation": 1}, "$set": {"after": ""}}
        await self._documents.update_one({"_id": _ID}, change, upsert=True, session=self._session)

    async def advance(self, sweep: Sweep) -> bool:
        """Mark the next customers, by their ids; False where none is left. A repeated step does no harm."""
        if sweep.after is None:
            return False
        following = self._customers.find({"_id": {"$gt": sweep.after}}, {"_id": 1}).sort("_id", 1)
        ids = [each["_id"] for each in await following.limit(SWEPT_AT_ONCE).to_list(None)]
        if ids:
            marked: Document = {"$set": {"evaluate_at": NOW_DUE}, "$inc": {"marks": 1}}
            await update_each(self._customers, ({"_id": identifier} for identifier in ids), marked)
        done = {"_id": _ID, "generation": sweep.generation, "after": sweep.after}
        await self._documents.update_one(done, {"$set": {"after": ids[-1] if ids else None}})
        return bool(ids)


class DueRepository:
    """Customers by the time at which to look at them."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._customers = database[CUSTOMERS]
        self._session = session

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """The customers to be looked at, the longest due first."""
        waiting = self._customers.find({"evaluate_at": {"$lte": now}}).sort([("evaluate_at", 1), ("_id", 1)])
        return await waiting.limit(limit).to_list(None)

    async def find(self, customer_id: str) -> Document | None:
        """The customer's record."""
        return await self._customers.find_one({"_id": customer_id}, session=self._session)

    async def postpone(self, seen: Sequence[Document], until: datetime | None) -> None:
        """Look at these again then, unless they have changed since they were seen."""
        if seen:
            await update_each(self._customers, map(_same, seen), {"$set": {"evaluate_at": until}})

    async def conclude(self, customer_id: str, until: datetime | None, segments: Sequence[str], flips: int) -> None:
        """Keep what came of looking at a customer, in the transaction that looked at it."""
        kept: Document = {"evaluate_at": until, "segments": list(segments), "segment_flips": flips}
        await self._customers.update_one({"_id": customer_id}, {"$set": kept}, session=self._session)


def _same(document: Document) -> Document:
    return {"_id": document["_id"], "version": document["version"], "marks": document.get("marks")}
