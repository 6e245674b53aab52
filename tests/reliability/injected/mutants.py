"""Broken designs, each wrong in one way that is often seen: the suite must find every one of them."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import aio_pika
from aio_pika import DeliveryMode

from rapport_shared.delivery import Consumer, consumer, relay
from rapport_shared.inbox import Inbox
from rapport_shared.outbox import OutboxRow, OutboxStore


def become(mutant: str) -> None:
    """Break this process in that way."""
    _MUTANTS[mutant]()


def _no_confirms() -> None:
    """A publish counts as done once it is written to the socket."""
    channel = aio_pika.Connection.channel

    def without(self: Any, *_: Any, **__: Any) -> Any:
        return channel(self, publisher_confirms=False)

    _replace(aio_pika.Connection, "channel", without)


def _transient() -> None:
    """Messages that the broker need not write to disk, in a classic queue (a quorum queue would write them)."""
    declare = aio_pika.Channel.declare_queue

    async def classic(self: Any, name: str | None = None, *, arguments: Any = None, **options: Any) -> Any:
        ordered = "x-single-active-consumer" in (arguments or {})
        return await declare(self, name, arguments=None if ordered else arguments, **options)

    _replace(aio_pika.Channel, "declare_queue", classic)
    _replace(relay, "DeliveryMode", SimpleNamespace(PERSISTENT=DeliveryMode.NOT_PERSISTENT))


def _not_mandatory() -> None:
    """The broker may confirm a message that no queue has taken."""
    publish = aio_pika.Exchange.publish

    async def anyhow(self: Any, *args: Any, **options: Any) -> Any:
        return await publish(self, *args, **{**options, "mandatory": False})

    _replace(aio_pika.Exchange, "publish", anyhow)


def _mark_first() -> None:
    """Rows are marked as sent when they are read."""
    waiting = OutboxStore.waiting

    async def read_and_mark(self: OutboxStore, limit: int, **options: Any) -> list[OutboxRow]:
        rows = await waiting(self, limit, **options)
        await self.mark_sent([row.event_id for row in rows])
        return rows

    _replace(OutboxStore, "waiting", read_and_mark)


def _no_inbox() -> None:
    """Every delivery has an effect."""

    async def never(*_: object) -> bool:
        return False

    _replace(Inbox, "noted", never)
    _replace(Inbox, "note", _nothing)


def _ack_first() -> None:
    """A message is acknowledged before its effect is committed."""
    handle_after = Consumer._handle_after

    async def acknowledged(self: Any, previous: Any, message: Any, read: Any, dead_letters: Any) -> None:
        await message.ack()
        again = SimpleNamespace(body=message.body, routing_key=message.routing_key, ack=_nothing)
        await handle_after(self, previous, again, read, dead_letters)  # type: ignore[arg-type]

    _replace(Consumer, "_handle_after", acknowledged)


def _no_lanes() -> None:
    """Events of one subject are handled side by side."""
    _replace(consumer, "PREFETCH", 50)
    _replace(consumer, "_lanes", lambda message, read: {str(message.delivery_tag)})


async def _nothing(*_: object) -> None:
    """It has been done."""


def _replace(owner: Any, name: str, replacement: Any) -> None:
    assert hasattr(owner, name)
    setattr(owner, name, replacement)


_MUTANTS: dict[str, Callable[[], None]] = {
    "no-confirms": _no_confirms,
    "transient": _transient,
    "not-mandatory": _not_mandatory,
    "mark-first": _mark_first,
    "no-inbox": _no_inbox,
    "ack-first": _ack_first,
    "no-lanes": _no_lanes,
}
