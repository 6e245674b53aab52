"""Reads the log: the stream queue that keeps every event for some days."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue

from rapport_shared.events import Envelope, Event, MalformedEvent, decode
from rapport_shared.messaging.topology import LOG, declare_exchanges

PREFETCH: Final = 1000
ACK_EACH: Final = 100
"""Acknowledging a stream's message only lets the broker send more: a part of what may be under way at a time."""
QUIET_SECONDS: Final = 2.0
PATIENCE_SECONDS: Final = 30.0
OFFSET: Final = "x-stream-offset"


class LogSilent(TimeoutError):
    """The broker does not send what its log has."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A message of the log; ``offset`` counts them from the log's beginning.

    ``in_past``: the log had it, or one behind it, when the reading began.
    """

    offset: int
    message: AbstractIncomingMessage
    in_past: bool = True


async def log_entries(channel: AbstractChannel, start: int | datetime | None = None) -> AsyncIterator[LogEntry]:
    """What the log has from an offset, about a time, or its beginning on, to its present end at least.

    Raises LogSilent where nothing comes for 30 s before that end: a slow broker never makes the log look shorter.
    """
    await declare_exchanges(channel)
    await channel.set_qos(prefetch_count=PREFETCH)
    log = await channel.declare_queue(LOG, passive=True)
    # The broker counts what a young log has a while later.
    has_some = bool(log.declaration_result.message_count)
    async with _consuming(log, "last") as lasts:
        last = await _next(lasts, PATIENCE_SECONDS if has_some else QUIET_SECONDS)
    if last is None and has_some:
        raise LogSilent(LOG)
    if last is None:
        return
    reached = _is_after(start, last)
    async with _consuming(log, "first" if start is None else start) as entries:
        while True:
            entry = await _next(entries, QUIET_SECONDS if reached else PATIENCE_SECONDS)
            if entry is None and reached:
                return
            if entry is None:
                raise LogSilent(LOG)
            # The broker sends the chunk that holds the start, with what comes before it.
            if not isinstance(start, int) or entry.offset >= start:
                yield replace(entry, in_past=not reached)
            reached = reached or entry.offset >= last.offset


@asynccontextmanager
async def _consuming(
    log: AbstractQueue, start: str | int | datetime
) -> "AsyncIterator[asyncio.Queue[AbstractIncomingMessage]]":
    """Nothing is left unacknowledged, for which the broker would close the channel after its `consumer_timeout`."""
    arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    latest: list[AbstractIncomingMessage] = []

    async def arrive(message: AbstractIncomingMessage) -> None:
        latest[:] = [message]
        arrived.put_nowait(message)

    tag = await log.consume(arrive, arguments={OFFSET: start})
    try:
        yield arrived
    finally:
        await log.cancel(tag)
        for message in latest:
            if not message.processed:
                await message.ack(multiple=True)


async def _next(arrived: "asyncio.Queue[AbstractIncomingMessage]", seconds: float) -> LogEntry | None:
    try:
        message = arrived.get_nowait() if not arrived.empty() else await asyncio.wait_for(arrived.get(), seconds)
    except TimeoutError:
        return None
    offset = message.headers[OFFSET]
    assert isinstance(offset, int)  # noqa: S101 - the broker sets it
    if (message.delivery_tag or 0) % ACK_EACH == 0:
        await message.ack(multiple=True)
    return LogEntry(offset, message)


def _is_after(start: int | datetime | None, last: LogEntry) -> bool:
    """Whether nothing may come: what the broker was told about a time, it was told at that time or later."""
    if isinstance(start, datetime):
        told = last.message.timestamp
        return told is None or told < start
    return start is not None and start > last.offset


async def read_log(channel: AbstractChannel, *types: type[Event]) -> AsyncIterator[tuple[Envelope, Event]]:
    """The events of these types that the log still has, oldest first; ends when nothing more comes for 2 s."""
    wanted = {event_type.routing_key for event_type in types}
    async for entry in log_entries(channel):
        if entry.message.type in wanted:
            try:
                yield decode(entry.message.body)
            except MalformedEvent:
                continue
