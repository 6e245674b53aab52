"""Communications come and go with their customers: who follows the list is told, and has what a query finds."""

import random
from dataclasses import dataclass, field

import pytest
from customers_elsewhere import CustomersElsewhere
from following import ListFollower, follow_through, of_each_page_size
from numbering import number_events
from subgraph_client import SubgraphClient

from rapport_interactions.consumers import HANDLERS
from rapport_interactions.work import InteractionsWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock, system_clock
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import Transactions


@dataclass
class Desk:
    """Random work on communications and their customers."""

    client: SubgraphClient
    customers: CustomersElsewhere
    admin: Actor
    chance: random.Random
    interactions: list[str] = field(default_factory=list)

    async def work(self) -> None:
        """One change of something."""
        works = [self.record, self.record, self.change, self.change, self.delete]
        works += [self.customers.hand_over, self.customers.hand_over, self.customers.merge, self.customers.merge]
        await self.chance.choice(works)()

    async def record(self) -> None:
        given = {"customerId": self.chance.choice(self.customers.ids), "channel": "PHONE", "content": "说好了"}
        made = await self.client.mutate("recordInteraction", "interaction { id }", given, by=self.admin)
        self.interactions += [made["interaction"]["id"]] if made["interaction"] else []

    async def change(self) -> None:
        await self._interaction("updateInteraction", channel=self.chance.choice(["PHONE", "VISIT"]))

    async def delete(self) -> None:
        await self._interaction("deleteInteraction")

    async def _interaction(self, mutation: str, **given: object) -> None:
        if self.interactions:
            given = {"id": self.chance.choice(self.interactions), **given}
            await self.client.mutate(mutation, "interaction { id }", given, by=self.admin)


@pytest.mark.parametrize("seed", [1, 2])
async def test_after_each_resume_a_client_has_what_a_query_finds(
    client: SubgraphClient,
    transactions: Transactions[InteractionsWork],
    mongo: Mongo,
    clock: ManualClock,
    admin: Actor,
    seller: Actor,
    seed: int,
) -> None:
    chance = random.Random(seed)
    customers = CustomersElsewhere(transactions, HANDLERS, clock, chance, [seller.id, "usr_other"])
    await customers.begin()
    desk = Desk(client, customers, admin, chance)
    followed = ("interactions", "interactionChanges", "{channel: {eq: PHONE}}")
    followers = of_each_page_size(client, seller, followed)
    outbox = OutboxStore(mongo.database, source="/rapport/interactions", clock=system_clock)  # as the API reads it
    await follow_through(followers, desk.work, outbox, chance)
    assert [follower.resets for follower in followers] == [1, 1, 1]  # at the beginning
    assert len(desk.interactions) > 3
    assert customers.merges


async def test_what_was_moved_by_a_merge_leaves_with_whoever_it_was_with(
    client: SubgraphClient,
    transactions: Transactions[InteractionsWork],
    mongo: Mongo,
    clock: ManualClock,
    admin: Actor,
    seller: Actor,
) -> None:
    chance = random.Random(0)
    customers = CustomersElsewhere(transactions, HANDLERS, clock, chance, ["usr_other"])
    await customers.begin()
    survivor, merged = customers.ids[-2:]
    await customers.change_owner(survivor, seller.id)
    given = {"customerId": merged, "channel": "PHONE", "content": "说好了"}
    await client.mutate("recordInteraction", "interaction { id }", given, by=admin)
    outbox = OutboxStore(mongo.database, source="/rapport/interactions", clock=system_clock)
    theirs = ListFollower(client, seller, "interactions", "interactionChanges", "{}")
    survivors = ListFollower(
        client, admin, "interactions", "interactionChanges", f'{{customerId: {{eq: "{survivor}"}}}}'
    )
    for follower in (theirs, survivors):
        await follower.resume()
        assert not follower.copy

    async def told(expected: int) -> None:
        await number_events(outbox)
        for follower in (theirs, survivors):
            await follower.resume()
            assert len(follower.copy) == expected

    await customers.merge()
    await told(1)
    await customers.change_owner(survivor, "usr_other")
    await customers.merge()  # not the same after all
    await told(0)
    assert theirs.resets == survivors.resets == 1
