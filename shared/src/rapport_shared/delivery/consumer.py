"""Consumes a group's queue: every event has its effect once, in the order of its subject's versions."""

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import structlog
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage
from prometheus_client import Counter

from rapport_shared.events import Envelope, Event, MalformedEvent, decode
from rapport_shared.logs import failure_facts
from rapport_shared.messaging.connection import Unavailable
from rapport_shared.messaging.dead_letters import DeadLetterBox
from rapport_shared.messaging.topology import ConsumerGroup, declare_consumer
from rapport_shared.mongo import DatabaseError, Mongo
from rapport_shared.persistence.unit_of_work import Transactions, Work
from rapport_shared.tracing import Trace, traced

PREFETCH = 16
RETRY_PAUSES_SECONDS = (0.2, 1.0, 5.0)

HANDLED = Counter("rapport_events_handled", "Messages by outcome.", ["consumer", "event", "outcome"])

W = TypeVar("W", bound=Work)
Handlers = Mapping[type[Event], Callable[[Any, Envelope, W], Awaitable[None]]]
"""The handler of each event type: ``handler(event, envelope, work)``, run in a transaction with its inbox row."""

Shortcuts = Mapping[type[Event], Callable[[Any, Envelope], Awaitable[bool]]]
"""``shortcut(event, envelope)``, asked before the handler: True where nothing is left for that to do.

It has no transaction and leaves no inbox row, so what it does itself must do no harm when it is repeated."""

Read = tuple[Envelope, Event] | MalformedEvent
"""What a message says, or why it cannot be read."""

log = structlog.get_logger(__name__)


class Consumer(Generic[W]):
    """Handles one group's events.

    Different subjects are handled side by side, one subject's strictly one after another; so are those that name one
    customer, whose effects on what is kept of that customer would only undo each other's transactions. A message is
    acknowledged after the commit of its effect, or once a shortcut says that it has none. One that cannot be
    handled goes to the dead-letter queue with its reason; where the database does not answer, consuming stops until it
    does, and nothing is dead-lettered. ``handled`` is called with the routing key of each after its commit.
    """

    def __init__(
        self,
        group: ConsumerGroup,
        handlers: Handlers[W],
        transactions: Transactions[W],
        mongo: Mongo,
        shortcuts: Shortcuts = MappingProxyType({}),
        handled: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._group = group
        self._handlers = {event_type.routing_key: handler for event_type, handler in handlers.items()}
        self._shortcuts = {event_type.routing_key: shortcut for event_type, shortcut in shortcuts.items()}
        self._transactions = transactions
        self._mongo = mongo
        self._handled = handled

    async def run(self, connection: AbstractConnection) -> None:
        """Consume until the connection is lost; raises Unavailable where the database does not answer."""
        try:
            await self._mongo.ping()
        except DatabaseError as failure:
            raise Unavailable(f"database: {type(failure).__name__}") from failure
        channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
        await channel.set_qos(prefetch_count=PREFETCH)
        queue = await declare_consumer(channel, self._group, self._handlers)
        dead_letters = await DeadLetterBox.open(channel, self._group)
        lanes: dict[str, asyncio.Task[None]] = {}
        # A failing task cancels the others and the iteration: what was not acknowledged comes again, in order.
        async with asyncio.TaskGroup() as tasks, queue.iterator() as messages:
            async for message in messages:
                read = _read(message)
                own = _lanes(message, read)
                previous = {lanes[lane] for lane in own if lane in lanes}
                task = tasks.create_task(self._handle_after(previous, message, read, dead_letters))
                lanes |= dict.fromkeys(own, task)
                task.add_done_callback(partial(_leave_lanes, lanes, own))

    async def _handle_after(
        self,
        previous: Iterable[asyncio.Task[None]],
        message: AbstractIncomingMessage,
        read: Read,
        dead_letters: DeadLetterBox,
    ) -> None:
        for earlier in previous:
            await earlier
        try:
            if isinstance(read, MalformedEvent):
                raise read
            outcome = await self._handle(*read)
        except MalformedEvent as malformed:
            await dead_letters.put(message, reason="MALFORMED_EVENT", detail=str(malformed))
            outcome = "dead-lettered"
        except HandlerFailed as failed:
            await dead_letters.put(message, reason="HANDLER_FAILED", detail=failed.kind)
            outcome = "dead-lettered"
        await message.ack()
        HANDLED.labels(self._group.name, message.routing_key, outcome).inc()

    async def _handle(self, envelope: Envelope, event: Event) -> str:
        handler = self._handlers.get(envelope.routing_key)
        if handler is None:  # bound by an earlier release of this consumer
            return "ignored"

        runs = itertools.count()

        async def effect(work: W) -> str:
            # Hardly any event comes twice: only what had to be run again asks whether this one did.
            if next(runs) and await work.inbox.noted(envelope.id):
                return "repeated"
            await work.inbox.note(envelope.id)
            await handler(event, envelope, work)
            return "handled"

        shortcut = self._shortcuts.get(envelope.routing_key)

        async def attempt() -> str:
            if shortcut is not None and await shortcut(event, envelope):
                return "settled"
            return await self._transactions.run(effect)

        with traced(Trace(envelope.correlation_id, envelope.id, envelope.traceparent)):
            outcome = await self._with_retries(attempt, envelope)
        self._handled(envelope.routing_key)
        return outcome

    async def _with_retries(self, attempt: Callable[[], Awaitable[str]], envelope: Envelope) -> str:
        for pause in (*RETRY_PAUSES_SECONDS, None):
            try:
                return await attempt()
            except Exception as failure:
                # Neither the log nor the dead letter repeats the exception's text: it may quote personal values.
                log.error("handler failed", event_id=envelope.id, **failure_facts(failure))
                if pause is None:
                    if isinstance(failure, DatabaseError | OSError | TimeoutError):
                        raise Unavailable(f"handler: {type(failure).__name__}") from failure
                    raise HandlerFailed(type(failure).__name__) from failure
                await asyncio.sleep(pause * random.uniform(0.8, 1.2))
        raise AssertionError("unreachable")


class HandlerFailed(Exception):
    """A handler raised at every try; ``kind`` is the name of the last exception's class."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def _read(message: AbstractIncomingMessage) -> Read:
    try:
        return decode(message.body)
    except MalformedEvent as malformed:
        return malformed


def _lanes(message: AbstractIncomingMessage, read: Read) -> set[str]:
    """Whom a message waits for: the ids of what it is about; one that cannot be read has a lane of its own."""
    if isinstance(read, MalformedEvent):
        return {str(message.delivery_tag)}
    envelope, event = read
    customer = getattr(getattr(event, "after", event), "customer_id", None)
    return {envelope.subject} if customer is None else {envelope.subject, customer}


def _leave_lanes(lanes: dict[str, asyncio.Task[None]], own: Iterable[str], done: asyncio.Task[None]) -> None:
    for lane in own:
        if lanes.get(lane) is done:
            del lanes[lane]
