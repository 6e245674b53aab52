"""The relay: brings outbox rows to the broker, and marks them sent only after its confirm."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence

import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractConnection, AbstractExchange
from aio_pika.exceptions import AMQPError, DeliveryError, PublishError
from prometheus_client import Counter, Gauge

from rapport_shared.delivery.lease import Lease
from rapport_shared.events import CONTENT_TYPE
from rapport_shared.messaging.connection import PUBLISH_SECONDS, Unavailable
from rapport_shared.messaging.topology import declare_exchanges
from rapport_shared.mongo import DatabaseError
from rapport_shared.outbox import OutboxRow, OutboxStore

WINDOW = 100
POLL_SECONDS = 0.05
RETRY_SECONDS = 2.0

PUBLISHED = Counter("rapport_outbox_published", "Events that the broker confirmed.")
REFUSED = Counter("rapport_outbox_refused", "Publishes that the broker returned or refused; the event stays waiting.")
WAITING = Gauge("rapport_outbox_oldest_waiting_seconds", "Age of the oldest event that waits for the broker.")

log = structlog.get_logger(__name__)


class Relay:
    """Publishes one service's outbox; a lease keeps the relays of its replicas from doing the same work."""

    def __init__(self, outbox: OutboxStore, lease: Lease) -> None:
        self._outbox = outbox
        self._lease = lease
        self._set_aside: dict[str, float] = {}

    async def run(self, connection: AbstractConnection) -> None:
        """Relay until the connection is lost; raises Unavailable where the database does not answer."""
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await declare_exchanges(channel)
        while True:
            try:
                busy = await self._lease.hold() and await self._relay_batch(exchange)
            except DatabaseError as failure:
                raise Unavailable(f"outbox: {type(failure).__name__}") from failure
            if not busy:
                await asyncio.sleep(POLL_SECONDS)

    async def _relay_batch(self, exchange: AbstractExchange) -> bool:
        """Publish what waits; True where there may be more at once."""
        rows = [row for row in await self._outbox.waiting(WINDOW + len(self._set_aside)) if self._is_due(row)]
        WAITING.set(time.time() - rows[0].recorded_at.timestamp() if rows else 0)
        if not rows:
            return False
        batch = in_version_order(rows[:WINDOW])
        outcomes = await asyncio.gather(*(_publish(exchange, row) for row in batch), return_exceptions=True)
        confirmed = [row.event_id for row, outcome in zip(batch, outcomes, strict=True) if outcome is None]
        if confirmed:
            await self._outbox.mark_sent(confirmed)
            PUBLISHED.inc(len(confirmed))
        for row, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, PublishError | DeliveryError):
                self._put_aside(row, outcome)
            elif isinstance(outcome, BaseException):
                raise outcome
        return len(rows) > len(batch)

    def _put_aside(self, row: OutboxRow, reason: AMQPError) -> None:
        """A refused row waits a while, so that it cannot hold up the others."""
        REFUSED.inc()
        log.error("event not routed", event_id=row.event_id, routing_key=row.routing_key, reason=type(reason).__name__)
        self._set_aside[row.event_id] = time.monotonic() + RETRY_SECONDS

    def _is_due(self, row: OutboxRow) -> bool:
        due = self._set_aside.get(row.event_id)
        if due is None:
            return True
        if due > time.monotonic():
            return False
        del self._set_aside[row.event_id]
        return True


def in_version_order(rows: Sequence[OutboxRow]) -> list[OutboxRow]:
    """The rows with each subject's in version order: ids of different machines' clocks may not be."""
    by_subject: dict[str, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        by_subject[row.subject].append(row)
    queues = {subject: iter(sorted(own, key=lambda row: row.version)) for subject, own in by_subject.items()}
    return [next(queues[row.subject]) for row in rows]


async def _publish(exchange: AbstractExchange, row: OutboxRow) -> None:
    message = Message(
        row.body,
        message_id=row.event_id,
        type=row.routing_key,
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        timestamp=row.recorded_at,
    )
    await exchange.publish(message, row.routing_key, mandatory=True, timeout=PUBLISH_SECONDS)
