"""Telling a service's other processes that there is something for them in the database, such as a relay's events.

A wake is a message that nobody keeps and nobody confirms: without it they find that at their next look.
"""

import asyncio
from contextlib import suppress
from typing import Final

from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractExchange, ExchangeType

WAKES: Final = "rapport.wakes"
_QUEUE: Final = {"x-max-length": 1}


class Wakes:
    """The wakes of one name, in one of a service's processes; ``filled`` is set by who leaves something there."""

    def __init__(self, name: str, filled: asyncio.Event) -> None:
        self._name = name
        self._filled = filled
        self._heard = False  # whether it was set because others told of events: they have told every relay
        self._exchange: AbstractExchange | None = None

    async def tell(self, connection: AbstractConnection) -> None:
        """Wake other processes whenever something waits for them, until the connection is lost."""
        self._exchange = await _declare(await connection.channel(publisher_confirms=False))
        await self.pass_on(seconds=None)

    async def hear(self, channel: AbstractChannel) -> None:
        """Be woken by other processes for as long as the channel is open."""
        self._exchange = await _declare(channel)
        queue = await channel.declare_queue(exclusive=True, auto_delete=True, arguments=dict(_QUEUE))
        await queue.bind(self._exchange, self._name)

        async def wake(_: object) -> None:
            self._heard = True
            self._filled.set()

        await queue.consume(wake, no_ack=True)

    async def listen(self, connection: AbstractConnection) -> None:
        """Be woken until the connection is lost, and once at its beginning."""
        channel = await connection.channel(publisher_confirms=False)
        await self.hear(channel)
        self._filled.set()
        await channel.closed()

    async def wait(self, *, seconds: float) -> None:
        """Until somebody, here or elsewhere, has left events since the last time, at most so long."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._filled.wait()
        self._filled.clear()
        self._heard = False

    async def pass_on(self, *, seconds: float | None) -> None:
        """For so long, tell the relays of other processes of the events that are left here."""
        assert self._exchange is not None, "nobody tells and nobody hears yet"  # noqa: S101
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    await self._filled.wait()
                    self._filled.clear()
                    if not self._heard:
                        await self._exchange.publish(Message(b""), self._name, mandatory=False)
                    self._heard = False


async def _declare(channel: AbstractChannel) -> AbstractExchange:
    return await channel.declare_exchange(WAKES, ExchangeType.DIRECT, durable=True)
