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
from rapport_shared.messaging.feed import POSITION
from rapport_shared.messaging.topology import EVENTS, declare_exchanges
from rapport_shared.messaging.wakes import Wakes
from rapport_shared.mongo import DatabaseError
from rapport_shared.outbox import OutboxRow, OutboxStore, in_version_order

READ = 5000
"""Rows that are read at once, where so many wait."""
BATCH = 200
"""Rows that are numbered, published and marked together."""
WINDOW = 100
"""Messages that the broker has not confirmed, at most."""
LOOK_SECONDS = 2.0
"""The longest that an event waits of which nobody has told the relay."""
RIVAL_SECONDS = 1.0
"""How often a relay asks for the lease of another."""
RETRY_SECONDS = 2.0

PUBLISHED = Counter("rapport_outbox_published", "Events that the broker confirmed.")
REFUSED = Counter("rapport_outbox_refused", "Publishes that the broker returned or refused; the event stays waiting.")
WAITING = Gauge("rapport_outbox_oldest_waiting_seconds", "Age of the oldest event that waits for the broker.")

log = structlog.get_logger(__name__)


class Relay:
    """Publishes one service's outbox; a lease keeps the relays of its replicas from doing the same work."""

    def __init__(self, outbox: OutboxStore, lease: Lease, wakes: Wakes) -> None:
        self._outbox = outbox
        self._lease = lease
        self._wakes = wakes
        self._free = asyncio.Semaphore(WINDOW)
        self._read: list[OutboxRow] = []  # what waits, as far as it has been read and not been tried yet
        self._is_refused = False
        self._set_aside: dict[str, float] = {}  # when to try again, by the subject of the event that was refused

    async def run(self, connection: AbstractConnection) -> None:
        """Relay until the connection is lost; raises Unavailable where the database does not answer."""
        first = await connection.channel(publisher_confirms=False)
        await declare_exchanges(first)
        await self._wakes.hear(first)
        self._read = []
        while True:
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            try:
                await self._relay_to(await channel.get_exchange(EVENTS, ensure=False))
            except DatabaseError as failure:
                raise Unavailable(f"outbox: {type(failure).__name__}") from failure
            await channel.close()

    async def _relay_to(self, exchange: AbstractExchange) -> None:
        """Until the broker refuses an event: in a cluster a channel may take a node that is gone for a queue's leader,
        and refuses for as long as it is open; a new one asks who leads."""
        self._is_refused = False
        while not self._is_refused:
            await self._step(exchange)

    async def _step(self, exchange: AbstractExchange) -> None:
        if not await self._lease.hold():
            self._read = []
            await self._wakes.pass_on(seconds=RIVAL_SECONDS)
        elif not await self._relay_batch(exchange):
            await self._wakes.wait(seconds=LOOK_SECONDS)

    async def _relay_batch(self, exchange: AbstractExchange) -> bool:
        """Publish some of what waits; whether more is known to wait."""
        more = bool(self._read)
        if not more:
            self._read = in_version_order(await self._outbox.waiting(READ, without=self._not_due()))
            more = len(self._read) > BATCH
        WAITING.set(time.time() - self._read[0].recorded_at.timestamp() if self._read else 0)
        batch, self._read = self._read[:BATCH], self._read[BATCH:]
        rows = await self._numbered(batch)
        confirmed: list[str] = []
        lanes = [self._publish_lane(exchange, lane, confirmed) for lane in lanes_of(rows)]
        outcomes = await asyncio.gather(*lanes, return_exceptions=True)
        if confirmed:
            await self._outbox.mark_sent(confirmed)
            PUBLISHED.inc(len(confirmed))
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return more

    async def _numbered(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """The rows, each with its position; only those that had one where another relay has numbered others."""
        new = [row for row in rows if row.position is None]
        numbered = await self._outbox.number(new)
        if len(numbered) < len(new):
            self._read = []  # nobody's successors may overtake what is left out here: all is read again
        return [row for row in rows if row.position is not None] + numbered

    async def _publish_lane(self, exchange: AbstractExchange, lane: Sequence[OutboxRow], confirmed: list[str]) -> None:
        """Publish one subject's events one after another: where one is refused, none of its successors may overtake."""
        for row in lane:
            try:
                async with self._free:
                    await _publish(exchange, row)
            except (PublishError, DeliveryError) as refused:
                self._put_aside(row, refused)
                return
            confirmed.append(row.event_id)

    def _put_aside(self, row: OutboxRow, reason: AMQPError) -> None:
        """A refused event's subject waits a while, so that it cannot hold up the others."""
        self._is_refused = True
        REFUSED.inc()
        log.error("event not routed", event_id=row.event_id, routing_key=row.routing_key, reason=type(reason).__name__)
        self._set_aside[row.subject] = time.monotonic() + RETRY_SECONDS
        self._read = [other for other in self._read if other.subject != row.subject]

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
