"""Messages that could not be handled: put aside with the reason, listed, and sent again."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractIncomingMessage

from rapport_shared.messaging.connection import PUBLISH_SECONDS
from rapport_shared.messaging.copying import copy_of
from rapport_shared.messaging.topology import DEAD_LETTERS, ConsumerGroup, declare_consumer

REASON = "x-rapport-reason"
DETAIL = "x-rapport-detail"


class DeadLetterBox:
    """Where one consumer group puts aside what it cannot handle. Needs a channel with publisher confirms."""

    def __init__(self, exchange: AbstractExchange, group: ConsumerGroup) -> None:
        self._exchange = exchange
        self._group = group

    @classmethod
    async def open(cls, channel: AbstractChannel, group: ConsumerGroup) -> "DeadLetterBox":
        """The group's box; its queues must have been declared."""
        return cls(await channel.get_exchange(DEAD_LETTERS), group)

    async def put(self, message: AbstractIncomingMessage, *, reason: str, detail: str) -> None:
        """Store the message with a stable reason code and a detail free of personal values.

        Returns after the broker's confirm; the caller acknowledges the original after that, so it can be stored
        twice but never lost.
        """
        headers = {**message.headers, REASON: reason, DETAIL: detail[:500]}
        await self._exchange.publish(copy_of(message, headers), self._group.name, timeout=PUBLISH_SECONDS)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """What there is to know of a dead letter without its contents."""

    message_id: str
    event_type: str
    reason: str
    detail: str


def describe(message: AbstractIncomingMessage) -> DeadLetter:
    """The facts in its headers; the broker's own reason where it put the message aside itself."""
    headers = message.headers
    deaths: Any = headers.get("x-death") or [{}]
    reason = headers.get(REASON) or deaths[0].get("reason") or "unknown"
    return DeadLetter(message.message_id or "", message.type or "", str(reason), str(headers.get(DETAIL, "")))


async def list_dead_letters(channel: AbstractChannel, group: ConsumerGroup, limit: int) -> list[DeadLetter]:
    """The oldest dead letters, which stay where they are."""
    queue = await channel.get_queue(group.dead_letter_queue)
    taken: list[AbstractIncomingMessage] = []
    while len(taken) < limit and (message := await queue.get(fail=False)):
        taken.append(message)
    for message in taken:
        await message.nack(requeue=True)
    return [describe(message) for message in taken]


async def redrive(channel: AbstractChannel, group: ConsumerGroup, limit: int) -> AsyncIterator[DeadLetter]:
    """Send dead letters to their consumers again, oldest first, each confirmed before it leaves the box."""
    await declare_consumer(channel, group, ())
    queue = await channel.get_queue(group.dead_letter_queue)
    for _ in range(limit):
        message = await queue.get(fail=False)
        if message is None:
            return
        kept = {name: value for name, value in message.headers.items() if not name.startswith(("x-death", "x-rapport"))}
        await channel.default_exchange.publish(copy_of(message, kept), group.queue, timeout=PUBLISH_SECONDS)
        await message.ack()
        yield describe(message)
