"""Tasks come and go with their customers and from hand to hand: who follows the list has what a query finds."""

import random
from dataclasses import dataclass, field
from functools import partial

import pytest
from customers_elsewhere import CustomersElsewhere
from following import follow_through, of_each_page_size
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.clock import system_clock
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import Transactions
from rapport_tasks.consumers import HANDLERS
from rapport_tasks.work import TasksWork


@dataclass
class Desk:
    """Random work on tasks and their customers."""

    client: SubgraphClient
    customers: CustomersElsewhere
    admin: Actor
    chance: random.Random
    tasks: list[str] = field(default_factory=list)

    async def work(self) -> None:
        """One change of something."""
        works = [self.create, self.create, self.assign, self.assign, self.end, self.reopen]
        works += [self.customers.hand_over, self.customers.hand_over, self.customers.merge, self.customers.merge]
        await self.chance.choice(works)()

    async def create(self) -> None:
        given = {"title": "回访", "customerId": self.chance.choice(self.customers.ids)}
        made = await self.client.mutate("createTask", "task { id }", given, by=self.admin)
        self.tasks += [made["task"]["id"]] if made["task"] else []

    async def assign(self) -> None:
        await self._task("assignTask", assigneeId=self.chance.choice(self.customers.people))

    async def end(self) -> None:
        await self._task(self.chance.choice(["completeTask", "cancelTask"]))

    async def reopen(self) -> None:
        await self._task("reopenTask")

    async def _task(self, mutation: str, **given: object) -> None:
        if self.tasks:
            given = {"id": self.chance.choice(self.tasks), **given}
            await self.client.mutate(mutation, "task { id }", given, by=self.admin)


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_each_resume_a_client_has_what_a_query_finds(
    client: SubgraphClient,
    mongo: Mongo,
    company: None,
    admin: Actor,
    seller: Actor,
    rival: Actor,
    seed: int,
) -> None:
    chance = random.Random(seed)
    # The API goes by the real clock, and so does the worker beside it.
    transactions = Transactions(mongo, partial(TasksWork, clock=system_clock))
    customers = CustomersElsewhere(transactions, HANDLERS, system_clock, chance, [seller.id, rival.id])
    await customers.begin()
    desk = Desk(client, customers, admin, chance)
    followed = ("tasks", "taskChanges", "{status: {eq: OPEN}}")
    followers = of_each_page_size(client, seller, followed)
    outbox = OutboxStore(mongo.database, source="/rapport/tasks", clock=system_clock)
    await follow_through(followers, desk.work, outbox, chance)
    assert [follower.resets for follower in followers] == [1, 1, 1]  # at the beginning
    assert len(desk.tasks) > 3
    assert customers.merges
