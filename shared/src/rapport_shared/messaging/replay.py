"""Sends what the log has of a period to one queue again, in the log's order."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from aio_pika import Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from aio_pika.exceptions import DeliveryError

from rapport_shared.events import MalformedEvent, decode
from rapport_shared.messaging.connection import PUBLISH_SECONDS
from rapport_shared.messaging.copying import copy_of
from rapport_shared.messaging.log import OFFSET, LogEntry, log_entries

BATCH: Final = 100
_STRAGGLERS: Final = timedelta(minutes=1)
_SKEW: Final = timedelta(seconds=5)
"""How far the clocks of the machines may differ."""


class QueueMissing(Exception):
    """There is no queue of this name, or it takes no messages."""


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """``sent`` messages of this run are confirmed; a later run goes on at ``offset`` of the log."""

    offset: int
    sent: int


async def replay_log(
    channel: AbstractChannel,
    queue: str,
    *,
    wanted: Callable[[str], bool],
    since: datetime,
    until: datetime,
    offset: int | None = None,
) -> AsyncIterator[ReplayProgress]:
    """Send the events from ``since`` to before ``until`` (by their times) whose routing key is ``wanted``.

    Tells the progress after each hundred messages of the log, once the broker has confirmed what was sent: a run that
    was cut short and goes on repeats a hundred at most. Needs a channel with publisher confirms. Raises QueueMissing.
    """
    batch: list[AbstractIncomingMessage] = []
    sent = seen = 0
    last = offset or 0
    began = datetime.now(UTC)
    async for entry in log_entries(channel, since if offset is None else offset):
        seen, last = seen + 1, entry.offset + 1
        happened = _time(entry.message)
        if happened is not None and since <= happened < until and wanted(entry.message.type or ""):
            batch.append(entry.message)
        if seen % BATCH == 0:
            sent += await _send(channel, queue, batch)
            batch.clear()
            yield ReplayProgress(last, sent)
        if happened is not None and _is_past(entry, happened, until, began):
            break
    yield ReplayProgress(last, sent + await _send(channel, queue, batch))


def _is_past(entry: LogEntry, happened: datetime, until: datetime, began: datetime) -> bool:
    """Whether nothing more is to come: an end that other events are added to all the time is no reason to go on.

    Events are logged in about the order of their times: an outbox may have had to wait for the broker.
    """
    return happened > until + _STRAGGLERS or (not entry.in_past and happened > began + _SKEW)


def _time(message: AbstractIncomingMessage) -> datetime | None:
    try:
        return decode(message.body)[0].time
    except MalformedEvent:
        return None


async def _send(channel: AbstractChannel, queue: str, messages: list[AbstractIncomingMessage]) -> int:
    publishes = (
        channel.default_exchange.publish(_again(message), queue, mandatory=True, timeout=PUBLISH_SECONDS)
        for message in messages
    )
    try:
        await asyncio.gather(*publishes)
    except DeliveryError as refused:
        raise QueueMissing(queue) from refused
    return len(messages)


def _again(message: AbstractIncomingMessage) -> Message:
    return copy_of(message, {name: value for name, value in message.headers.items() if name != OFFSET})
