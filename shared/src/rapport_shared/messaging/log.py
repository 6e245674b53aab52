"""Reads the log: the stream queue that keeps every event for some days."""

import asyncio
from collections.abc import AsyncIterator
from typing import Final

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from rapport_shared.events import Envelope, Event, MalformedEvent, decode
from rapport_shared.messaging.topology import LOG, declare_exchanges

PREFETCH: Final = 200
QUIET_SECONDS: Final = 2.0


async def read_log(channel: AbstractChannel, *types: type[Event]) -> AsyncIterator[tuple[Envelope, Event]]:
    """The events of these types that the log still has, oldest first; ends when nothing more comes for 2 s."""
    wanted = {event_type.routing_key for event_type in types}
    await declare_exchanges(channel)
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(LOG)
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    tag = await queue.consume(arrived.put, arguments={"x-stream-offset": "first"})
    try:
        while True:
            try:
                message = await asyncio.wait_for(arrived.get(), QUIET_SECONDS)
            except TimeoutError:
                return
            await message.ack()
            if message.type not in wanted:
                continue
            try:
                yield decode(message.body)
            except MalformedEvent:
                continue
    finally:
        await queue.cancel(tag)
