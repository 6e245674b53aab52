"""Communications come and go with their customers: who follows the list is told, and has what a query finds."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from following import ListFollower, follow_through
from subgraph_client import SubgraphClient

from rapport_interactions.consumers import HANDLERS
from rapport_interactions.work import InteractionsWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock, system_clock
from rapport_shared.contracts.customers import CustomerMerged, CustomerState, CustomerUnmerged, CustomerUpdated
from rapport_shared.events import Envelope, Event
from rapport_shared.ids import new_event_id
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import Transactions

OWNERS = ["usr_seller", "usr_other"]
CUSTOMERS = [f"cus_{number}" for number in range(3)]


@dataclass
class Desk:
    """Random work on communications; customers change hands and are merged elsewhere."""

    client: SubgraphClient
    transactions: Transactions[InteractionsWork]
    clock: ManualClock
    admin: Actor
    chance: random.Random
    owners: dict[str, str] = field(default_factory=dict)
    versions: dict[str, int] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    interactions: list[str] = field(default_factory=list)

    async def work(self) -> None:
        """One change of something."""
        works: list[Callable[[], Awaitable[None]]] = [self.record, self.record, self.change, self.change, self.delete]
        works += [self.hand_over, self.hand_over, self.merge, self.merge]
        await self.chance.choice(works)()

    async def record(self) -> None:
        given = {"customerId": self.chance.choice(CUSTOMERS), "channel": "PHONE", "content": "说好了"}
        made = await self.client.mutate("recordInteraction", "interaction { id }", given, by=self.admin)
        self.interactions += [made["interaction"]["id"]] if made["interaction"] else []

    async def change(self) -> None:
        await self._interaction("updateInteraction", channel=self.chance.choice(["PHONE", "VISIT"]))

    async def delete(self) -> None:
        await self._interaction("deleteInteraction")

    async def hand_over(self) -> None:
        customer = self.chance.choice([known for known in CUSTOMERS if known not in self.merged])
        before, self.owners[customer] = self._state(customer), self.chance.choice(OWNERS)
        await self.hear(
            CustomerUpdated(customer_id=customer, changed=("owner_id",), before=before, after=self._state(customer))
        )

    async def merge(self) -> None:
        """The last two customers become one, or two again."""
        survivor, other = CUSTOMERS[-2:]
        before, merge = self._state(other), {"customer_id": other, "survivor_id": survivor, "merge_id": "mrg_1"}
        if self.merged.pop(other, None):
            await self.hear(CustomerUnmerged(**merge, before=before, after=self._state(other)))
        else:
            self.merged[other] = survivor
            await self.hear(CustomerMerged(**merge, before=before, after=self._state(other)))

    async def hear(self, event: Event) -> None:
        """As the consumer does."""
        version = self.versions[event.subject] = self.versions.get(event.subject, 0) + 1
        envelope = Envelope(
            id=new_event_id(),
            routing_key=event.routing_key,
            source="/rapport/customers",
            subject=event.subject,
            time=self.clock(),
            version=version,
            actor="usr_admin",
            correlation_id="c",
        )
        await self.transactions.run(lambda work: HANDLERS[type(event)](event, envelope, work))

    def _state(self, customer: str) -> CustomerState:
        into = self.merged.get(customer)
        owner = self.owners.get(customer, OWNERS[0])
        return CustomerState(kind="PERSON", stage="LEAD", owner_id=owner, deleted=into is not None, merged_into_id=into)

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
    desk = Desk(client, transactions, clock, admin, random.Random(seed))
    for customer in CUSTOMERS:
        state = desk._state(customer)
        await desk.hear(CustomerUpdated(customer_id=customer, changed=("owner_id",), before=state, after=state))
    followed = ("interactions", "interactionChanges", "{channel: {eq: PHONE}}")
    followers = [ListFollower(client, seller, *followed, page_size=page) for page in (1, 3, 50)]
    outbox = OutboxStore(mongo.database, source="/rapport/interactions", clock=system_clock)  # as the API reads it
    await follow_through(followers, desk.work, outbox, desk.chance)
    assert [follower.resets for follower in followers] == [1, 1, 1]  # at the beginning
    assert len(desk.interactions) > 3
    assert desk.merged or desk.versions[CUSTOMERS[-1]] > 2
