"""The live feed of a replica: the events of its own service, to its open subscriptions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from rapport_shared.events import Envelope, Event, MalformedEvent, decode
from rapport_shared.messaging.topology import declare_exchanges

BUFFER: Final = 256
POSITION: Final = "rapport-position"
"""The header with an event's position in its service's log of changes."""


@dataclass(frozen=True, slots=True)
class Change:
    """An event, and where it stands among those of its service."""

    position: int
    envelope: Envelope
    event: Event


@dataclass(frozen=True, slots=True)
class Stretch:
    """Changes in the order of their positions; up to ``end`` nothing else that was asked for has happened.

    ``more`` may come behind it.
    """

    changes: tuple[Change, ...]
    end: int
    more: bool


class Gap:
    """There are changes that the feed does not hand out: they are to be read from the log."""


class RightsChanged:
    """Somebody may see more or less than before."""


Notice = Change | Gap | RightsChanged


class Log(Protocol):
    """The service's numbered changes."""

    async def end(self) -> int:
        """The last position."""

    async def read(self, after: int, *, until: int, limit: int) -> Stretch:
        """The changes behind a position."""


class ChangeFeed:
    """Hands the events of the service to every open subscription, in the order of their positions, without holes.

    What comes out of order, or came while there was no connection, is read from the log. Each subscription has a
    bounded buffer; when it is full, what it held is replaced by a Gap.
    """

    def __init__(self, service: str) -> None:
        self._pattern = f"{service}.#"
        self._subscriptions: set[asyncio.Queue[Notice]] = set()
        self._last: int | None = None

    async def run(self, connection: AbstractConnection, log: Log) -> None:
        """Feed until the connection is lost."""
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)
        exchange = await declare_exchanges(channel)
        queue = await channel.declare_queue(exclusive=True, auto_delete=True)
        await queue.bind(exchange, self._pattern)
        await self._fill(log)
        async with queue.iterator(no_ack=True) as messages:
            async for message in messages:
                await self._take(message, log)

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
        self.hand_out(RightsChanged())

    def hand_out(self, notice: Notice) -> None:
        """Give a notice to every subscription."""
        for subscription in self._subscriptions:
            try:
                subscription.put_nowait(notice)
            except asyncio.QueueFull:
                _overflow(subscription)

    async def _take(self, message: AbstractIncomingMessage, log: Log) -> None:
        """Hand the message's event out where it is the next one; events without a position are no changes."""
        position = message.headers.get(POSITION)
        if not isinstance(position, int) or (self._last is not None and position <= self._last):
            return
        if self._last is None or position > self._last + 1:
            await self._fill(log)
            return
        self._last = position
        try:
            self.hand_out(Change(position, *decode(message.body)))
        except MalformedEvent:
            return

    async def _fill(self, log: Log) -> None:
        """Hand out what the log has behind the last position; a Gap where that is too much, or nobody knows."""
        last, end = self._last, await log.end()
        missed = None if last is None or end < last else await log.read(last, until=end, limit=BUFFER)
        self._last = end
        if missed is None or missed.more:
            self.hand_out(Gap())
            return
        for change in missed.changes:
            self.hand_out(change)


async def _drain(subscription: "asyncio.Queue[Notice]") -> AsyncIterator[Notice]:
    while True:
        yield await subscription.get()


def _overflow(subscription: "asyncio.Queue[Notice]") -> None:
    while not subscription.empty():
        subscription.get_nowait()
    subscription.put_nowait(Gap())
