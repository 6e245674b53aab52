"""Reading what a service has published by position: the outbox's rows, which are kept for some days."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from rapport_shared.clock import Clock, system_clock
from rapport_shared.events import MalformedEvent, decode
from rapport_shared.messaging.feed import Change, Stretch
from rapport_shared.mongo.client import Database, Document
from rapport_shared.outbox import COLLECTION, HEAD, HEADS, KEEP_SENT, new_head

# The database removes rows some time after they have expired, not in the order of their positions.
KEPT: Final = KEEP_SENT - timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Head:
    """Where the log ends; a database that was put back to an earlier state gets another ``epoch``."""

    epoch: str
    position: int


class ChangeLog:
    """The numbered changes of one service."""

    def __init__(self, database: Database, clock: Clock = system_clock) -> None:
        self._heads = database[HEADS]
        self._rows = database[COLLECTION]
        self._clock = clock

    async def head(self) -> Head:
        """Where the log ends now; one query."""
        found = await self._heads.find_one({"_id": HEAD})
        if found is None:
            await self._heads.update_one({"_id": HEAD}, {"$setOnInsert": new_head()}, upsert=True)
            return await self.head()
        return Head(found["epoch"], found["position"])

    async def end(self) -> int:
        """The last position."""
        return (await self.head()).position

    async def follows(self, position: int, head: Head) -> bool:
        """Whether the log still has all that came behind this position; one query at most."""
        if position >= head.position:
            return position == head.position
        nearest = self._rows.find({"position": {"$gt": position}}, {"position": 1, "numbered_at": 1})
        found = await nearest.sort("position", 1).limit(1).to_list(None)
        if not found or found[0]["position"] != position + 1:
            return False
        return bool(found[0]["numbered_at"] > self._clock() - KEPT)

    async def read(self, after: int, *, until: int, limit: int, streams: Iterable[str] | None = None) -> Stretch:
        """The changes behind ``after``, to ``until`` or until there are ``limit``; one query on an index.

        ``streams`` are those that are wanted, such as ``customers.customer``; all where it is None.
        """
        condition: Document = {"position": {"$gt": after, "$lte": until}}
        if streams is not None:
            condition["stream"] = {"$in": sorted(streams)}
        wanted = self._rows.find(condition, {"position": 1, "body": 1}).sort("position", 1).limit(limit)
        rows = await wanted.to_list(None)
        full = len(rows) == limit
        end = rows[-1]["position"] if full else max(after, until)
        return Stretch(tuple(change for row in rows if (change := _change(row)) is not None), end, end < until)


def _change(row: Document) -> Change | None:
    try:
        return Change(row["position"], *decode(bytes(row["body"])))
    except MalformedEvent:  # of a type that this release does not know
        return None
