"""Outbox rows: written in the business transaction, numbered and read by the relay.

A row's position is given to it after its commit, by one relay at a time: whoever has seen a position has seen all
before it. Positions have no holes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate
from rapport_shared.clock import Clock
from rapport_shared.events import Envelope, Event, encode, stream_of
from rapport_shared.ids import new_event_id, new_id
from rapport_shared.mongo.client import TRANSACTION_READ_CONCERN, WRITE_CONCERN, Database, Document, Session
from rapport_shared.mongo.indexes import Index
from rapport_shared.tracing import current_trace

COLLECTION = "outbox"
HEADS = "outbox_heads"
HEAD = "head"
KEEP_SENT = timedelta(days=7)
INDEXES = (
    # Only waiting rows carry the mark, so the index stays as small as the backlog.
    Index(COLLECTION, (("waiting", 1), ("_id", 1)), only={"waiting": True}),
    Index(COLLECTION, (("sent_at", 1),), expire_after=KEEP_SENT),
    Index(COLLECTION, (("position", 1),)),
    Index(COLLECTION, (("stream", 1), ("position", 1))),
)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An encoded event that waits for the broker; ``position`` is None until it has one."""

    event_id: str
    routing_key: str
    subject: str
    version: int
    body: bytes
    recorded_at: datetime
    position: int | None = None


class OutboxStore:
    """The outbox of one service's database."""

    def __init__(self, database: Database, *, source: str, clock: Clock, session: Session | None = None) -> None:
        self._database = database
        self._rows = database[COLLECTION]
        self._source = source
        self.clock = clock
        self.filled = False
        """Whether events were stored through this object."""
        self._session = session
        self._head: Document | None = None  # as this object has left it, for the relay
        self._moved: Document | None = None  # the same, in the transaction that is under way

    async def append(self, *aggregates: Aggregate, by: Actor) -> None:
        """Store the aggregates' recorded events, in the transaction of this store's session."""
        events = (enumerate(each.recorded, start=each.stored_version + 1) for each in aggregates)
        await self.append_events(chain.from_iterable(events), by=by)

    async def append_events(self, events: Iterable[tuple[int, Event]], *, by: Actor) -> None:
        """Store events with the versions of their subjects, in the transaction of this store's session."""
        now = self.clock()
        rows = [self._row(version, event, now, by) for version, event in events]
        await self._rows.insert_many(rows, session=self._session)
        self.filled = True

    def _row(self, version: int, event: Event, now: datetime, by: Actor) -> Document:
        trace = current_trace()
        envelope = Envelope(
            id=new_event_id(),
            routing_key=event.routing_key,
            source=self._source,
            subject=event.subject,
            time=now,
            version=version,
            actor=by.id,
            correlation_id=trace.correlation_id,
            causation_id=trace.causation_id,
            traceparent=trace.traceparent,
        )
        return {
            "_id": envelope.id,
            "routing_key": envelope.routing_key,
            "stream": stream_of(envelope.routing_key),
            "subject": envelope.subject,
            "version": version,
            "body": encode(envelope, event),
            "recorded_at": now,
            "waiting": True,
        }

    async def waiting(self, limit: int, *, without: Sequence[str] = ()) -> list[OutboxRow]:
        """The oldest rows that the broker has not confirmed, leaving out those of some subjects."""
        condition: Document = {"waiting": True}
        if without:
            condition["subject"] = {"$nin": list(without)}
        found = await self._rows.find(condition).sort("_id", 1).limit(limit).to_list(None)
        return [_row(document) for document in found]

    async def number(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """Give rows the next positions, those of a subject in the order of its versions; all of them or none.

        None where another relay has numbered some of them meanwhile: who wants them reads them again.
        """
        if not rows:
            return []
        ordered = in_version_order(rows)

        async with self._database.client.start_session() as session:
            try:
                numbered: list[OutboxRow] = await session.with_transaction(
                    lambda session: self._numbered(ordered, session),
                    read_concern=TRANSACTION_READ_CONCERN,
                    write_concern=WRITE_CONCERN,
                )
            except _NumberedMeanwhile:
                return []
            self._head = self._moved
            return numbered

    async def _numbered(self, rows: Sequence[OutboxRow], session: Session) -> list[OutboxRow]:
        last = await self._move_head(len(rows), session)
        ids = [row.event_id for row in rows]
        position = {"$add": [last + 1, {"$indexOfArray": [ids, "$_id"]}]}
        numbering: list[Document] = [{"$set": {"position": position, "numbered_at": self.clock()}}]
        done = await self._rows.update_many({"_id": {"$in": ids}, "position": None}, numbering, session=session)
        if done.modified_count < len(rows):
            raise _NumberedMeanwhile
        return [replace(row, position=number) for number, row in enumerate(rows, start=last + 1)]

    async def _move_head(self, count: int, session: Session) -> int:
        """Where the head was before it moves on; only who has not moved it last has to read it."""
        heads, known = self._database[HEADS], self._head
        if known is not None:
            moved = {**known, "position": known["position"] + count}
            result = await heads.replace_one(known, moved, session=session)
            if result.modified_count:
                self._moved = moved
                return int(known["position"])
        head = await heads.find_one({"_id": HEAD}, session=session) or new_head()
        self._moved = {**head, "_id": HEAD, "position": head["position"] + count}
        await heads.replace_one({"_id": HEAD}, self._moved, upsert=True, session=session)
        return int(head["position"])

    async def count_waiting(self) -> int:
        """How many rows wait."""
        return await self._rows.count_documents({"waiting": True})

    async def mark_sent(self, event_ids: Sequence[str]) -> None:
        """Called after the broker's confirm, never before."""
        change = {"$set": {"sent_at": self.clock()}, "$unset": {"waiting": ""}}
        await self._rows.update_many({"_id": {"$in": list(event_ids)}}, change)


class _NumberedMeanwhile(Exception):
    """Some of the rows have a position by now."""


def new_head() -> Document:
    """The beginning of a log; ``epoch`` tells it from any other."""
    return {"epoch": new_id("epoch"), "position": 0}


def in_version_order(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The rows with those of each subject, in the places that they have, ordered by version.

    Ids are in the order of time, but of different machines' clocks.
    """
    ordered: dict[str, list[OutboxRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row.version, reverse=True):
        ordered[row.subject].append(row)
    return [ordered[row.subject].pop() for row in rows]


def _row(document: Document) -> OutboxRow:
    return OutboxRow(
        document["_id"],
        document["routing_key"],
        document["subject"],
        document["version"],
        bytes(document["body"]),
        document["recorded_at"],
        document.get("position"),
    )
