"""The sealer: binds audit rows into the chain, and tells the outside where the chain ends."""

import asyncio
from typing import Final

import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractConnection, AbstractExchange
from prometheus_client import Counter

from rapport_shared.actor import SYSTEM
from rapport_shared.audit import Chain, Head
from rapport_shared.audit.chain import BLOCK_SIZE
from rapport_shared.clock import Clock
from rapport_shared.contracts.audit import SEALED, ChainEnd
from rapport_shared.delivery.lease import Lease
from rapport_shared.delivery.pace import Pace
from rapport_shared.events import CONTENT_TYPE, Envelope, encode
from rapport_shared.messaging.connection import PUBLISH_SECONDS, Unavailable
from rapport_shared.messaging.topology import declare_exchanges
from rapport_shared.mongo import DatabaseError

POLL_SECONDS: Final = 0.5
IDLE_SECONDS: Final = 5.0

ROWS_SEALED = Counter("rapport_audit_sealed", "Audit rows that were bound into the chain.")

log = structlog.get_logger(__name__)


class Sealer:
    """Seals one service's audit log; a lease keeps the sealers of its replicas from doing the same work."""

    def __init__(self, service: str, chain: Chain, lease: Lease, clock: Clock) -> None:
        self._service = service
        self._chain = chain
        self._lease = lease
        self._clock = clock
        self._told = False  # whether the head that the database has is known to be published

    async def run(self, connection: AbstractConnection) -> None:
        """Seal until the connection is lost; raises Unavailable where the database does not answer."""
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        exchange = await declare_exchanges(channel)
        pace = Pace(least=POLL_SECONDS, most=IDLE_SECONDS)
        self._told = False
        while True:
            try:
                held = await self._lease.hold()
                rows = await self._step(exchange) if held else 0
                self._told = self._told and held
            except DatabaseError as failure:
                raise Unavailable(f"audit: {type(failure).__name__}") from failure
            if rows < BLOCK_SIZE:
                await asyncio.sleep(pace.pause(found=rows > 0))

    async def _step(self, exchange: AbstractExchange) -> int:
        """Seal what waits, and publish the head unless that was done: also the one of a sealer that died before it."""
        rows = await self._chain.seal()
        ROWS_SEALED.inc(rows)
        if rows or not self._told:
            await self._tell(exchange, rows > 0)
        return rows

    async def _tell(self, exchange: AbstractExchange, sealed: bool) -> None:
        self._told = False
        head = self._chain.end if sealed else None
        head = head or await self._chain.head()
        if head.published < head.seq:
            await self._publish(exchange, head)
            await self._chain.mark_published(head.seq)
        self._told = True

    async def _publish(self, exchange: AbstractExchange, head: Head) -> None:
        sealed = SEALED[self._service](chain=self._service, end=ChainEnd(seq=head.seq, hash=head.hash))
        now = self._clock()
        envelope = Envelope(
            id=head.event_id,
            routing_key=sealed.routing_key,
            source=f"/rapport/{self._service}",
            subject=sealed.subject,
            time=now,
            version=head.seq,
            actor=SYSTEM.id,
            correlation_id=head.event_id,
        )
        message = Message(
            encode(envelope, sealed),
            message_id=head.event_id,
            type=sealed.routing_key,
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            timestamp=now,
        )
        await exchange.publish(message, sealed.routing_key, mandatory=True, timeout=PUBLISH_SECONDS)
        log.info("audit log sealed", chain=self._service, seq=head.seq, hash=head.hash)
