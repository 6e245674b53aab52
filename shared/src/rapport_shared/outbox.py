"""Outbox rows: written in the business transaction, numbered and read by the relay.

A row's position is given to it after its commit, by one relay at a time: whoever has seen a position has seen all
before it. Positions have no holes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

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

    async def number(self, limit: int) -> list[OutboxRow]:
        """Give the oldest rows that have no position the next ones, those of a subject in the order of its versions.

        One transaction: of two at once, one starts anew.
        """

        async def number(session: Session) -> list[OutboxRow]:
            without = {"waiting": True, "position": None}
            found = await self._rows.find(without, session=session).sort("_id", 1).limit(limit).to_list(None)
            rows = [_row(document) for document in found]
            return await self._numbered(in_version_order(rows), session) if rows else []

        async with await self._database.client.start_session() as session:
            numbered: list[OutboxRow] = await session.with_transaction(
                number, read_concern=TRANSACTION_READ_CONCERN, write_concern=WRITE_CONCERN
            )
            return numbered

    async def _numbered(self, rows: Sequence[OutboxRow], session: Session) -> list[OutboxRow]:
        heads = self._database[HEADS]
        head = await heads.find_one({"_id": HEAD}, session=session) or new_head()
        last = head["position"]
        moved = {**head, "_id": HEAD, "position": last + len(rows)}
        await heads.replace_one({"_id": HEAD}, moved, upsert=True, session=session)
        ids = [row.event_id for row in rows]
        position = {"$add": [last + 1, {"$indexOfArray": [ids, "$_id"]}]}
        numbering: list[Document] = [{"$set": {"position": position, "numbered_at": self.clock()}}]
        await self._rows.update_many({"_id": {"$in": ids}}, numbering, session=session)
        return [replace(row, position=number) for number, row in enumerate(rows, start=last + 1)]

    async def count_waiting(self) -> int:
        """How many rows wait."""
        return await self._rows.count_documents({"waiting": True})

    async def mark_sent(self, event_ids: Sequence[str]) -> None:
        """Called after the broker's confirm, never before."""
        change = {"$set": {"sent_at": self.clock()}, "$unset": {"waiting": ""}}
        await self._rows.update_many({"_id": {"$in": list(event_ids)}}, change)


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
