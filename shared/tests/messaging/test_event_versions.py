"""Two versions of one fact side by side: each consumer handles the one that it knows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from typing import Any, NamedTuple

import pytest
from messaging_bench import Bench
from waiting import eventually

from rapport_shared.actor import SYSTEM
from rapport_shared.aggregate import Aggregate
from rapport_shared.clock import system_clock
from rapport_shared.contracts.asyncapi import linked_documents
from rapport_shared.contracts.customers import CustomerState
from rapport_shared.contracts.evolution import breaking_changes
from rapport_shared.contracts.schemas import json_schemas
from rapport_shared.delivery import Consumer
from rapport_shared.events import EVENT_TYPES, Envelope, Event, event
from rapport_shared.messaging import BrokerLink, ConsumerGroup, declare_consumer
from rapport_shared.messaging.dead_letters import list_dead_letters
from rapport_shared.persistence import Transactions, Work

FREE = CustomerState(kind="PERSON", stage="LEAD", owner_id=None)
OWNED = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_1")
FIRST, SECOND = "customers.customer.assigned.v1", "customers.customer.assigned.v2"


class Versions(NamedTuple):
    """The classes of both versions of the fact."""

    first: type[Any]
    second: type[Any]


@pytest.fixture(scope="module")
def versions() -> Iterator[Versions]:
    """A fact whose first version tells the new owner, and whose second tells the state before and after."""

    @event("customers.customer.assigned", version=1, subject="customer_id")
    class AssignedV1(Event):
        """A customer has an owner."""

        customer_id: str
        owner_id: str

    @event("customers.customer.assigned", version=2, subject="customer_id")
    class AssignedV2(Event):
        """A customer has another owner, or none."""

        customer_id: str
        before: CustomerState
        after: CustomerState

    yield Versions(AssignedV1, AssignedV2)
    del EVENT_TYPES[FIRST], EVENT_TYPES[SECOND]


class Reader:
    """A consumer group that handles some types, and what it has handled."""

    def __init__(self, bench: Bench, name: str, *types: type[Any]) -> None:
        self.group = ConsumerGroup(name)
        self.handled: list[tuple[Event, int]] = []
        self._bench = bench
        self._handlers = dict.fromkeys(types, self._handle)

    async def _handle(self, event: Event, envelope: Envelope, _: Work) -> None:
        self.handled.append((event, envelope.version))

    async def has_handled(self, count: int) -> bool:
        return len(self.handled) >= count

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[None]:
        work = partial(Work, service=self.group.name, clock=system_clock)
        consumer = Consumer(self.group, self._handlers, Transactions(self._bench.mongo, work), self._bench.mongo)
        async with self._bench.channel() as channel:
            await declare_consumer(channel, self.group, [each.routing_key for each in self._handlers])
        task = asyncio.create_task(BrokerLink(self._bench.amqp_url, self.group.name, consumer.run).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def publish_both(bench: Bench, versions: Versions, subject: str) -> None:
    """One change, told in both versions, in one transaction."""

    async def change(work: Work) -> None:
        customer = Aggregate(id=subject)
        customer.record(versions.first(customer_id=subject, owner_id="usr_1"))
        customer.record(versions.second(customer_id=subject, before=FREE, after=OWNED))
        await work.outbox.append(customer, by=SYSTEM)

    await bench.transactions().run(change)


async def test_each_consumer_handles_the_version_that_it_knows(bench: Bench, versions: Versions) -> None:
    old = Reader(bench, "old", versions.first)
    new = Reader(bench, "new", versions.second)
    moving = Reader(bench, "moving", versions.first, versions.second)
    async with AsyncExitStack() as running:
        for reader in (old, new, moving):
            await running.enter_async_context(reader.reading())
        await running.enter_async_context(bench.relaying())
        await publish_both(bench, versions, "cus_1")
        await publish_both(bench, versions, "cus_2")
        await eventually(lambda: old.has_handled(2))
        await eventually(lambda: new.has_handled(2))
        await eventually(lambda: moving.has_handled(4))
    first = [(versions.first(customer_id=subject, owner_id="usr_1"), 1) for subject in ("cus_1", "cus_2")]
    second = [(versions.second(customer_id=subject, before=FREE, after=OWNED), 2) for subject in ("cus_1", "cus_2")]
    assert sorted(old.handled, key=_subject) == first
    assert sorted(new.handled, key=_subject) == second
    assert sorted(moving.handled, key=_subject) == [first[0], second[0], first[1], second[1]]
    async with bench.channel() as channel:
        assert [await list_dead_letters(channel, reader.group, 9) for reader in (old, new, moving)] == [[], [], []]


def test_a_new_version_beside_the_old_breaks_nobody(versions: Versions) -> None:
    both = json_schemas()
    only_first = {name: text for name, text in both.items() if name != SECOND}
    assert breaking_changes(only_first, both) == []
    in_place_of_it = {**only_first, FIRST: both[SECOND]}
    assert f"{FIRST}: ownerId is gone" in breaking_changes(only_first, in_place_of_it)
    assert breaking_changes(both, only_first) == [f"{SECOND}: a published event type is gone"]


def test_both_versions_are_described(versions: Versions) -> None:
    document = linked_documents()["customers"]
    assert {FIRST, SECOND} <= document["channels"].keys()
    examples = [document["components"]["messages"][name]["examples"][0]["payload"] for name in (FIRST, SECOND)]
    assert [example["type"] for example in examples] == [f"rapport.{FIRST}", f"rapport.{SECOND}"]
    assert "ownerId" in examples[0]["data"]
    assert "before" in examples[1]["data"]


def _subject(handled: tuple[Event, int]) -> tuple[str, int]:
    return handled[0].subject, handled[1]
