"""A publisher, a consumer and their database, on the real broker."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from aio_pika.abc import AbstractChannel

from rapport_shared.actor import SYSTEM
from rapport_shared.aggregate import Aggregate
from rapport_shared.clock import system_clock
from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.delivery import Consumer, Lease, Relay, Shortcuts
from rapport_shared.events import Envelope
from rapport_shared.messaging import BrokerLink, ConsumerGroup, Wakes, open_channel
from rapport_shared.messaging.dead_letters import DeadLetter, list_dead_letters
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import Transactions, Work

STATE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_1")


@dataclass
class Bench:
    """One service's outbox and one consumer group, whose effect is a row in a ledger."""

    mongo: Mongo
    amqp_url: str
    group: ConsumerGroup
    fail: Callable[[CustomerUpdated], None] = lambda event: None
    committed: list[str] = field(default_factory=list)
    """Routing keys of what the consumer is done with."""
    shortcuts: Shortcuts = field(default_factory=dict)
    handled: list[tuple[str, int]] = field(default_factory=list)

    def transactions(self) -> Transactions[Work]:
        return Transactions(self.mongo, partial(Work, service=self.group.name, clock=system_clock))

    @property
    def outbox(self) -> OutboxStore:
        return OutboxStore(self.mongo.database, source="/rapport/customers", clock=system_clock)

    async def change(self, *subjects: str, times: int = 1) -> None:
        """Record `times` changes of each subject, all in one transaction."""

        async def append(work: Work) -> None:
            for subject in subjects:
                aggregate = Aggregate(id=subject, version=await self.versions_of(subject))
                for _ in range(times):
                    changed = CustomerUpdated(customer_id=subject, changed=("name",), before=STATE, after=STATE)
                    aggregate.record(changed)
                await work.outbox.append(aggregate, by=SYSTEM)

        await self.transactions().run(append)

    async def versions_of(self, subject: str) -> int:
        return await self.mongo.database["outbox"].count_documents({"subject": subject})

    async def waiting(self) -> int:
        return await self.outbox.count_waiting()

    async def nothing_waits(self) -> bool:
        """Whether the broker has confirmed everything."""
        return await self.waiting() == 0

    async def ledger(self) -> dict[str, list[int]]:
        """The versions that have had their effect, by subject, in the order of the effects."""
        rows = await self.mongo.database["ledger"].find().sort("_id", 1).to_list(None)
        effects: dict[str, list[int]] = {}
        for row in rows:
            effects.setdefault(row["subject"], []).append(row["version"])
        return effects

    async def handle(self, event: CustomerUpdated, envelope: Envelope, work: Work) -> None:
        self.handled.append((envelope.subject, envelope.version))
        self.fail(event)
        row = {"subject": envelope.subject, "version": envelope.version, "correlation": envelope.correlation_id}
        await work.database["ledger"].insert_one(row, session=work.session)

    def relay_link(self) -> BrokerLink:
        lease = Lease(self.mongo.database, f"relay-{secrets.token_hex(4)}", system_clock)
        wakes = Wakes("customers", self.mongo.outbox_filled)
        return BrokerLink(self.amqp_url, "test-relay", Relay(self.outbox, lease, wakes).run)

    def consumer_link(self) -> BrokerLink:
        consumer = Consumer(
            self.group,
            {CustomerUpdated: self.handle},
            self.transactions(),
            self.mongo,
            self.shortcuts,
            self.committed.append,
        )
        return BrokerLink(self.amqp_url, "test-consumer", consumer.run)

    @asynccontextmanager
    async def relaying(self) -> AsyncIterator[None]:
        async with running(self.relay_link().run()):
            yield

    @asynccontextmanager
    async def consuming(self) -> AsyncIterator[None]:
        async with running(self.consumer_link().run()):
            yield

    async def dead_letters(self) -> list[DeadLetter]:
        async with self.channel() as channel:
            return await list_dead_letters(channel, self.group, 100)

    async def messages_left(self) -> int:
        """What the broker still holds for the group, dead letters aside."""
        async with self.channel() as channel:
            queue = await channel.get_queue(self.group.queue)
            return queue.declaration_result.message_count or 0

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[AbstractChannel]:
        async with open_channel(self.amqp_url) as channel:
            yield channel


@asynccontextmanager
async def running(body: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(body)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
