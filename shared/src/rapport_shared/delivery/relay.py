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
from rapport_shared.delivery.pace import Pace
from rapport_shared.events import CONTENT_TYPE
from rapport_shared.messaging.connection import PUBLISH_SECONDS, Unavailable
from rapport_shared.messaging.feed import POSITION
from rapport_shared.messaging.topology import declare_exchanges
from rapport_shared.mongo import DatabaseError
from rapport_shared.outbox import OutboxRow, OutboxStore

WINDOW = 100
POLL_SECONDS = 0.05
IDLE_SECONDS = 0.25
"""The longest that a first change after a quiet time waits for the relay."""
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
        self._set_aside: dict[str, float] = {}  # when to try again, by the subject of the event that was refused

    async def run(self, connection: AbstractConnection) -> None:
        """Relay until the connection is lost; raises Unavailable where the database does not answer."""
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await declare_exchanges(channel)
        pace = Pace(least=POLL_SECONDS, most=IDLE_SECONDS)
        while True:
            try:
                rows = await self._relay_batch(exchange) if await self._lease.hold() else 0
            except DatabaseError as failure:
                raise Unavailable(f"outbox: {type(failure).__name__}") from failure
            if rows < WINDOW:
                await asyncio.sleep(pace.pause(found=rows > 0))

    async def _relay_batch(self, exchange: AbstractExchange) -> int:
        """Publish what waits; how many events that were: there may be more at once where the window was full."""
        rows = await self._numbered()
        WAITING.set(time.time() - rows[0].recorded_at.timestamp() if rows else 0)
        confirmed: list[str] = []
        lanes = [self._publish_lane(exchange, lane, confirmed) for lane in lanes_of(rows)]
        outcomes = await asyncio.gather(*lanes, return_exceptions=True)
        if confirmed:
            await self._outbox.mark_sent(confirmed)
            PUBLISHED.inc(len(confirmed))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return len(rows)

    async def _numbered(self) -> list[OutboxRow]:
        """What waits and is due, each row with its position."""
        not_due = self._not_due()
        rows = await self._outbox.waiting(WINDOW, without=not_due)
        if all(row.position is not None for row in rows):
            return rows
        new = [row for row in await self._outbox.number(WINDOW) if row.subject not in not_due]
        return [row for row in rows if row.position is not None] + new

    async def _publish_lane(self, exchange: AbstractExchange, lane: Sequence[OutboxRow], confirmed: list[str]) -> None:
        """Publish one subject's events one after another: where one is refused, none of its successors may overtake."""
        for row in lane:
            try:
                await _publish(exchange, row)
            except (PublishError, DeliveryError) as refused:
                self._put_aside(row, refused)
                return
            confirmed.append(row.event_id)

    def _put_aside(self, row: OutboxRow, reason: AMQPError) -> None:
        """A refused event's subject waits a while, so that it cannot hold up the others."""
        REFUSED.inc()
        log.error("event not routed", event_id=row.event_id, routing_key=row.routing_key, reason=type(reason).__name__)
        self._set_aside[row.subject] = time.monotonic() + RETRY_SECONDS

    def _not_due(self) -> list[str]:
        """The subjects that still wait after a refusal."""
        now = time.monotonic()
        self._set_aside = {subject: due for subject, due in self._set_aside.items() if due > now}
        return list(self._set_aside)


def lanes_of(rows: Sequence[OutboxRow]) -> list[list[OutboxRow]]:
    """The rows of each subject in version order: ids of different machines' clocks may not be."""
    by_subject: dict[str, list[OutboxRow]] = defaultdict(list)
    for row in rows:
        by_subject[row.subject].append(row)
    return [sorted(lane, key=lambda row: row.version) for lane in by_subject.values()]


async def _publish(exchange: AbstractExchange, row: OutboxRow) -> None:
    message = Message(
        row.body,
        message_id=row.event_id,
        type=row.routing_key,
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        timestamp=row.recorded_at,
        headers={POSITION: row.position},
    )
    await exchange.publish(message, row.routing_key, mandatory=True, timeout=PUBLISH_SECONDS)
