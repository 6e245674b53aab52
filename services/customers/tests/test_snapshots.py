"""A consumer that is built from a snapshot and the events since has what one has that was there from the start."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue
from subgraph_client import SubgraphClient
from waiting import eventually

from rapport_customers.app import SNAPSHOTS
from rapport_customers.settings import Settings
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.delivery import Lease, Relay
from rapport_shared.delivery.snapshots import by_kind, send_snapshot
from rapport_shared.events import adapter, decode
from rapport_shared.ids import new_event_id
from rapport_shared.messaging import BrokerLink, QueueMissing, Wakes, declare_exchanges, open_channel
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore

SNAPSHOT = by_kind(SNAPSHOTS)["customers.customer"]
Drained = Callable[[], Awaitable[None]]


@pytest.fixture
async def channel(settings: Settings) -> AsyncIterator[AbstractChannel]:
    async with open_channel(settings.amqp_url) as opened:
        yield opened


@pytest.fixture
async def drained(mongo: Mongo, clock: ManualClock, settings: Settings) -> AsyncIterator[Drained]:
    """Wait until the relay, which works meanwhile, has published everything."""
    outbox = OutboxStore(mongo.database, source="/rapport/customers", clock=clock)
    relay = Relay(outbox, Lease(mongo.database, "test", clock), Wakes("customers", mongo.outbox_filled))
    link = BrokerLink(settings.amqp_url, "test-relay", relay.run)
    task = asyncio.create_task(link.run())

    async def nothing_waits() -> bool:
        return await outbox.count_waiting() == 0

    async def wait() -> None:
        await eventually(nothing_waits)

    yield wait
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def bound(channel: AbstractChannel) -> AbstractQueue:
    """A queue of a consumer's own, which gets events from now on."""
    queue = await channel.declare_queue(f"warehouse-{new_event_id()}", auto_delete=True)
    await queue.bind(await declare_exchanges(channel), "customers.customer.#")
    return queue


async def copy_of(queue: AbstractQueue, known: set[str]) -> dict[str, Any]:
    """What a consumer makes of its queue: of each customer the newest state, by version."""
    newest: dict[str, tuple[int, Any]] = {}
    while message := await queue.get(no_ack=True, fail=False):
        envelope, event = decode(message.body)
        if envelope.subject in known and envelope.version > newest.get(envelope.subject, (0, None))[0]:
            newest[envelope.subject] = (envelope.version, adapter(type(event)).dump_python(event)["after"])
    return newest


async def test_a_consumer_of_a_snapshot_has_what_one_of_the_beginning_has(
    client: SubgraphClient, channel: AbstractChannel, mongo: Mongo, clock: ManualClock, admin: Actor, drained: Drained
) -> None:
    first = await bound(channel)

    async def make() -> str:
        made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "张三"}, by=admin)
        return str(made["customer"]["id"])

    async def change(mutation: str, customer: str, **given: Any) -> None:
        changed = await client.mutate(mutation, "customer { id }", {"id": customer, **given}, by=admin)
        assert changed["userErrors"] == []

    customers = [await make() for _ in range(6)]
    await change("updateCustomer", customers[0], stage="OPPORTUNITY")
    await change("deleteCustomer", customers[1])
    await drained()

    late = await bound(channel)
    await change("updateCustomer", customers[2], ownerId=None)
    await change("restoreCustomer", customers[1])
    sent = await send_snapshot(channel, late.name, SNAPSHOT, mongo.database, service="customers", clock=clock)
    assert sent == len(customers)
    await change("deleteCustomer", customers[3])
    customers.append(await make())
    await drained()

    had = await copy_of(first, set(customers))
    assert len(had) == len(customers)
    assert await copy_of(late, set(customers)) == had


async def test_a_snapshot_needs_its_queue(
    client: SubgraphClient, channel: AbstractChannel, mongo: Mongo, clock: ManualClock, admin: Actor
) -> None:
    await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "张三"}, by=admin)
    with pytest.raises(QueueMissing):
        await send_snapshot(channel, "nowhere", SNAPSHOT, mongo.database, service="customers", clock=clock)


def test_every_snapshot_is_a_kinds_own() -> None:
    assert len(by_kind(SNAPSHOTS)) == len(SNAPSHOTS)
