"""Snapshots: the records of one kind as they are now, sent to a queue as events; for what the log keeps no more.

Each record is one event of the kind's first type (``….created.v1``), with the record's present state and version. A
consumer that goes by versions, as it must anyway, is where one is that was there from the start, once it has had the
snapshot and what was published since its queue was bound.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import DeliveryError

from rapport_shared.actor import SYSTEM
from rapport_shared.clock import Clock
from rapport_shared.events import CONTENT_TYPE, Envelope, Event, encode, stream_of
from rapport_shared.messaging import QueueMissing
from rapport_shared.messaging.connection import PUBLISH_SECONDS
from rapport_shared.mongo import Database, Order, page_request
from rapport_shared.mongo.paging import MAX_PAGE_SIZE
from rapport_shared.persistence import AggregateRepository

SNAPSHOT_HEADER: Final = "rapport-snapshot"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """How the records of a kind become events: ``first`` is the type that tells of a new one, with its state."""

    first: type[Event]
    repository: type[AggregateRepository[Any]]

    @property
    def kind(self) -> str:
        """Such as ``customers.customer``."""
        return stream_of(self.first.routing_key)


def by_kind(snapshots: Sequence[Snapshot]) -> Mapping[str, Snapshot]:
    """The snapshots that a service can make."""
    return {snapshot.kind: snapshot for snapshot in snapshots}


async def send_snapshot(
    channel: AbstractChannel, queue: str, snapshot: Snapshot, database: Database, *, service: str, clock: Clock
) -> int:
    """Send every record to the queue, in the order of their ids; how many there were.

    A record that changes meanwhile is sent in its earlier or its later state. Needs a channel with publisher confirms.
    Raises QueueMissing.
    """
    records = snapshot.repository(database)
    after: str | None = None
    sent = 0
    while True:
        request = page_request(first=MAX_PAGE_SIZE, after=after, last=None, before=None, order=(Order("_id"),))
        page = await records.page({}, request)
        messages = [_message(snapshot, record, service=service, now=clock()) for record in page.items]
        publishes = (
            channel.default_exchange.publish(message, queue, mandatory=True, timeout=PUBLISH_SECONDS)
            for message in messages
        )
        try:
            await asyncio.gather(*publishes)
        except DeliveryError as refused:
            raise QueueMissing(queue) from refused
        sent += len(messages)
        if not page.has_next:
            return sent
        after = page.cursors[-1]


def _message(snapshot: Snapshot, record: Any, *, service: str, now: datetime) -> Message:
    given: dict[str, Any] = {snapshot.first.subject_field: record.id, "after": record.state()}
    event = snapshot.first(**given)
    # The same state has the same id: whoever notes ids sees a repeated snapshot as a repetition.
    event_id = f"snapshot-{record.id}-{record.version}"
    envelope = Envelope(
        id=event_id,
        routing_key=event.routing_key,
        source=f"/rapport/{service}",
        subject=record.id,
        time=now,
        version=record.version,
        actor=SYSTEM.id,
        correlation_id=event_id,
    )
    return Message(
        encode(envelope, event),
        headers={SNAPSHOT_HEADER: True},
        message_id=event_id,
        type=event.routing_key,
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        timestamp=now,
    )
