"""Exchanges and queues, with the settings that lose nothing.

``rapport.events`` (topic) carries every event. Each consumer group has a durable quorum queue of its own, with a
dead-letter queue beside it; the stream queue ``rapport.log`` keeps every event for replay.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from aio_pika import ExchangeType
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue

EVENTS = "rapport.events"
DEAD_LETTERS = "rapport.dead-letters"
LOG = "rapport.log"
DELIVERY_LIMIT = 10
_LOG_ARGUMENTS: dict[str, Any] = {"x-queue-type": "stream", "x-max-age": "7D", "x-max-length-bytes": 2_000_000_000}


@dataclass(frozen=True, slots=True)
class ConsumerGroup:
    """The consumers that share one copy of each event: the workers of one service."""

    name: str

    @property
    def queue(self) -> str:
        """Its queue of events."""
        return f"rapport.{self.name}"

    @property
    def dead_letter_queue(self) -> str:
        """Its queue of messages that could not be handled."""
        return f"rapport.{self.name}.dead"


async def declare_exchanges(channel: AbstractChannel) -> AbstractExchange:
    """Declare the exchanges and the log; returns the exchange of events."""
    events = await channel.declare_exchange(EVENTS, ExchangeType.TOPIC, durable=True)
    await channel.declare_exchange(DEAD_LETTERS, ExchangeType.DIRECT, durable=True)
    log = await channel.declare_queue(LOG, durable=True, arguments=_LOG_ARGUMENTS)
    await log.bind(events, "#")
    return events


async def declare_consumer(
    channel: AbstractChannel, group: ConsumerGroup, routing_keys: Iterable[str]
) -> AbstractQueue:
    """Declare a group's queues, bound to the events that it handles; returns its queue of events.

    One consumer at a time is active, a message that keeps crashing its consumer is dead-lettered at least once, and
    a full queue refuses new messages, which then wait in the publishers' outboxes.
    """
    events = await declare_exchanges(channel)
    dead_letters = await channel.declare_queue(
        group.dead_letter_queue, durable=True, arguments={"x-queue-type": "quorum"}
    )
    await dead_letters.bind(DEAD_LETTERS, group.name)
    queue = await channel.declare_queue(
        group.queue,
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-single-active-consumer": True,
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD_LETTERS,
            "x-dead-letter-routing-key": group.name,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-max-length": 200_000,
        },
    )
    for routing_key in routing_keys:
        await queue.bind(events, routing_key)
    return queue
