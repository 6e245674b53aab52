"""Outbox rows: written in the business transaction, read by the relay."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate
from rapport_shared.clock import Clock
from rapport_shared.events import Envelope, Event, encode
from rapport_shared.ids import new_event_id
from rapport_shared.mongo.client import Database, Document, Session
from rapport_shared.mongo.indexes import Index
from rapport_shared.tracing import current_trace

COLLECTION = "outbox"
KEEP_SENT = timedelta(days=7)
INDEXES = (
    # Only waiting rows carry the mark, so the index stays as small as the backlog.
    Index(COLLECTION, (("waiting", 1), ("_id", 1)), only={"waiting": True}),
    Index(COLLECTION, (("sent_at", 1),), expire_after=KEEP_SENT),
)


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """An encoded event that waits for the broker."""

    event_id: str
    routing_key: str
    subject: str
    version: int
    body: bytes
    recorded_at: datetime


class OutboxStore:
    """The outbox of one service's database."""

    def __init__(self, database: Database, *, source: str, clock: Clock, session: Session | None = None) -> None:
        self._rows = database[COLLECTION]
        self._source = source
        self.clock = clock
        self._session = session

    async def append(self, aggregate: Aggregate, *, by: Actor) -> None:
        """Store the aggregate's recorded events, in the transaction of this store's session."""
        await self.append_events(enumerate(aggregate.recorded, start=aggregate.stored_version + 1), by=by)

    async def append_events(self, events: Iterable[tuple[int, Event]], *, by: Actor) -> None:
        """Store events with the versions of their subjects, in the transaction of this store's session."""
        now = self.clock()
        rows = [self._row(version, event, now, by) for version, event in events]
        await self._rows.insert_many(rows, session=self._session)

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
        return [
            OutboxRow(
                row["_id"], row["routing_key"], row["subject"], row["version"], bytes(row["body"]), row["recorded_at"]
            )
            for row in found
        ]

    async def count_waiting(self) -> int:
        """How many rows wait."""
        return await self._rows.count_documents({"waiting": True})

    async def mark_sent(self, event_ids: Sequence[str]) -> None:
        """Called after the broker's confirm, never before."""
        change = {"$set": {"sent_at": self.clock()}, "$unset": {"waiting": ""}}
        await self._rows.update_many({"_id": {"$in": list(event_ids)}}, change)
