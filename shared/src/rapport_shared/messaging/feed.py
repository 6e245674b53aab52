"""The live feed of a replica: the events of its own service, to its open subscriptions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aio_pika.abc import AbstractConnection

from rapport_shared.events import Envelope, Event, MalformedEvent, decode
from rapport_shared.messaging.topology import declare_exchanges

BUFFER = 256


@dataclass(frozen=True, slots=True)
class Change:
    """An event, for a subscription."""

    envelope: Envelope
    event: Event


class Gap:
    """Events may have been missed: what the client has is not certain any more."""


class RightsChanged:
    """Somebody may see more or less than before."""


Notice = Change | Gap | RightsChanged


class ChangeFeed:
    """Hands every event of the service to every open subscription.

    Each subscription has a bounded buffer; when it is full, or the connection was lost, what it held is replaced
    by a Gap.
    """

    def __init__(self, service: str) -> None:
        self._pattern = f"{service}.#"
        self._subscriptions: set[asyncio.Queue[Notice]] = set()

    async def run(self, connection: AbstractConnection) -> None:
        """Feed until the connection is lost."""
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)
        exchange = await declare_exchanges(channel)
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        await queue.bind(exchange, self._pattern)
        for subscription in self._subscriptions:
            _overflow(subscription)
        async with queue.iterator(no_ack=True) as messages:
            async for message in messages:
                self._publish(message.body)

    @asynccontextmanager
    async def subscribe(self) -> AsyncIterator[AsyncIterator[Notice]]:
        """Follow the feed from now on."""
        subscription: asyncio.Queue[Notice] = asyncio.Queue(BUFFER)
        self._subscriptions.add(subscription)
        try:
            yield _drain(subscription)
        finally:
            self._subscriptions.discard(subscription)

    def rights_changed(self) -> None:
        """Have every subscription look again at what it may tell."""
        self._hand_out(RightsChanged())

    def _publish(self, body: bytes) -> None:
        try:
            change = Change(*decode(body))
        except MalformedEvent:
            return
        self._hand_out(change)

    def _hand_out(self, notice: Notice) -> None:
        for subscription in self._subscriptions:
            try:
                subscription.put_nowait(notice)
            except asyncio.QueueFull:
                _overflow(subscription)


async def _drain(subscription: "asyncio.Queue[Notice]") -> AsyncIterator[Notice]:
    while True:
        yield await subscription.get()


def _overflow(subscription: "asyncio.Queue[Notice]") -> None:
    while not subscription.empty():
        subscription.get_nowait()
    subscription.put_nowait(Gap())
