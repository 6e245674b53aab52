"""How many events one relay brings to the broker, and how soon it has worked off a backlog."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import aio_pika
from messaging_bench import STATE, Bench, running
from waiting import eventually

from rapport_local.backing import BackingServices
from rapport_shared.actor import SYSTEM
from rapport_shared.clock import system_clock
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.delivery import Lease, Relay
from rapport_shared.delivery.relay import PUBLISHED, WINDOW
from rapport_shared.messaging import BrokerLink, ConsumerGroup, Wakes, declare_consumer
from rapport_shared.messaging.topology import EVENTS
from rapport_shared.mongo import connect, create_indexes
from rapport_shared.outbox import OutboxRow, OutboxStore
from rapport_shared.persistence import BOOKKEEPING_INDEXES, Work

SUBJECTS = 1_000
THROUGHPUT_EVENTS = 3_000
FILL_AT_ONCE = 1_000
ARRIVING = 10
"""Events of each transaction that comes while a backlog is drained, and transactions a second."""
SECONDS = 3_600


class MemoryOutbox(OutboxStore):
    """Rows in memory: the relay without its database."""

    def __init__(self, bench: Bench, rows: Sequence[OutboxRow]) -> None:
        super().__init__(bench.mongo.database, source="/rapport/customers", clock=system_clock)
        self._left = {row.event_id: row for row in rows}
        self._last = 0

    async def waiting(self, limit: int, *, without: Sequence[str] = ()) -> list[OutboxRow]:
        """The first rows that are left."""
        rows = (row for row in self._left.values() if row.subject not in without)
        return [row for row, _ in zip(rows, range(limit), strict=False)]

    async def number(self, rows: Sequence[OutboxRow]) -> list[OutboxRow]:
        """One after the other."""
        self._last += len(rows)
        return [replace(row, position=self._last) for row in rows]

    async def mark_sent(self, event_ids: Sequence[str]) -> None:
        """They are not left any more."""
        for event_id in event_ids:
            del self._left[event_id]


async def measure_throughput(backing: BackingServices) -> None:
    """Print the rates of a bare client, of a relay whose rows are in memory, and of one with its database."""
    async with _bench(backing, "relay") as bench:
        await _fill(bench, THROUGHPUT_EVENTS)
        rows = await bench.outbox.waiting(THROUGHPUT_EVENTS)
        bare = await _rate(lambda: _publish_bare(bench, rows))
        memory = await _rate(lambda: _relay(bench, MemoryOutbox(bench, rows)))
        stored = await _rate(lambda: _relay(bench, bench.outbox))
    print(f"bare client, {WINDOW} unconfirmed: {bare:.0f} events/s")
    for name, rate in (("one relay, rows in memory", memory), ("one relay, rows in the database", stored)):
        print(f"{name}: {rate:.0f} events/s, {bare / rate:.1f} x slower", flush=True)


async def measure_backlog(backing: BackingServices, size: int) -> None:
    """Print how long a backlog takes while new events arrive."""
    async with _bench(backing, "backlog") as bench:
        started = time.perf_counter()
        await _fill(bench, size)
        print(f"{size} events prepared in {time.perf_counter() - started:.0f} s", flush=True)
        added, before, started = 0, _published(), time.perf_counter()
        async with running(_link(bench, bench.outbox).run()):
            while _published() - before < size + added:
                await _arrive(bench, added)
                added += ARRIVING
                await asyncio.sleep(1 / ARRIVING)
        took = time.perf_counter() - started
        left = await bench.waiting()
    print(f"backlog of {size}, and {added} that came meanwhile: drained in {took:.0f} s, {left} left", flush=True)


async def _rate(publish: Callable[[], Awaitable[None]]) -> float:
    started = time.perf_counter()
    await publish()
    return THROUGHPUT_EVENTS / (time.perf_counter() - started)


async def _relay(bench: Bench, outbox: OutboxStore) -> None:
    goal = _published() + THROUGHPUT_EVENTS

    async def done() -> bool:
        return _published() >= goal

    async with running(_link(bench, outbox).run()):
        await eventually(done, seconds=SECONDS)


def _link(bench: Bench, outbox: OutboxStore) -> BrokerLink:
    lease = Lease(bench.mongo.database, f"relay-{secrets.token_hex(4)}", system_clock)
    relay = Relay(outbox, lease, Wakes("customers", bench.mongo.outbox_filled))
    return BrokerLink(bench.amqp_url, "bench-relay", relay.run)


def _published() -> int:
    return int(PUBLISHED._value.get())


async def _publish_bare(bench: Bench, rows: Sequence[OutboxRow]) -> None:
    free = asyncio.Semaphore(WINDOW)
    async with bench.channel() as channel:
        exchange = await channel.get_exchange(EVENTS)

        async def publish(row: OutboxRow) -> None:
            async with free:
                message = aio_pika.Message(row.body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
                await exchange.publish(message, row.routing_key, mandatory=True)

        async with asyncio.TaskGroup() as tasks:
            for row in rows:
                tasks.create_task(publish(row))


async def _fill(bench: Bench, events: int) -> None:
    """So many events of all subjects, each subject's versions in order."""
    for first in range(0, events, FILL_AT_ONCE):
        numbers = range(first, min(first + FILL_AT_ONCE, events))
        await bench.outbox.append_events(
            [_event(number % SUBJECTS, 1 + number // SUBJECTS) for number in numbers], by=SYSTEM
        )


async def _arrive(bench: Bench, already: int) -> None:
    """A transaction with events of subjects of their own."""

    async def append(work: Work) -> None:
        arriving = [_event(SUBJECTS + already + number, 1) for number in range(ARRIVING)]
        await work.outbox.append_events(arriving, by=SYSTEM)

    await bench.transactions().run(append)


def _event(subject: int, version: int) -> tuple[int, CustomerUpdated]:
    changed = CustomerUpdated(customer_id=f"cus_{subject}", changed=("name",), before=STATE, after=STATE)
    return version, changed


@asynccontextmanager
async def _bench(backing: BackingServices, name: str) -> AsyncIterator[Bench]:
    url = backing.broker.create_vhost(f"bench-{name}")
    mongo = connect(backing.mongo_url, f"bench_{name}_{secrets.token_hex(3)}")
    await create_indexes(mongo.database, BOOKKEEPING_INDEXES)
    bench = Bench(mongo, url, ConsumerGroup("ledger"))
    async with bench.channel() as channel:
        await declare_consumer(channel, bench.group, [CustomerUpdated.routing_key])
    yield bench
    await mongo.close()
