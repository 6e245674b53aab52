"""What a client is told of a list that it has away from the server: after every resume it has what a query finds."""

import random
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from access_rows import role_row, user_row
from database_calls import commands
from following import ListFollower, follow_through, of_each_page_size
from numbering import number_events
from subgraph_client import SubgraphClient

from rapport_customers.app import pipeline_service
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore

PEOPLE = ["usr_seller", "usr_other", "usr_third"]
CUSTOMERS = ("customers", "customerChanges", "{stage: {eq: LEAD}}")
DEALS = ("deals", "dealChanges", "{status: {eq: OPEN}}")


@pytest.fixture
def outbox(mongo: Mongo, clock: ManualClock) -> OutboxStore:
    """What the relay numbers."""
    return OutboxStore(mongo.database, source="/rapport/customers", clock=clock)


@pytest.fixture(autouse=True)
async def standard(mongo: Mongo, clock: ManualClock) -> None:
    await pipeline_service(mongo, clock).ensure_standard()


@dataclass
class Desk:
    """Random work on customers and deals."""

    client: SubgraphClient
    mongo: Mongo
    admin: Actor
    chance: random.Random
    customers: list[str] = field(default_factory=list)
    deals: list[str] = field(default_factory=list)
    merges: list[str] = field(default_factory=list)
    reach: str = "OWN"
    seq: int = 1

    async def work(self) -> None:
        """One change of something."""
        works = [self.create, self.create_deal, self.move, self.move, self.hand_over, self.hand_over]
        works += [self.delete, self.restore, self.delete_deal, self.merge, self.unmerge]
        if self.chance.random() < 0.06:
            works = [self.change_role]
        await self.chance.choice(works)()

    async def create(self) -> None:
        given = {"kind": "PERSON", "name": "张三", "ownerId": self.chance.choice(PEOPLE)}
        made = await self.client.mutate("createCustomer", "customer { id }", given, by=self.admin)
        self.customers.append(made["customer"]["id"])

    async def create_deal(self) -> None:
        if self.customers:
            given = {"customerId": self.chance.choice(self.customers), "name": "年度授权"}
            made = await self.client.mutate("createDeal", "deal { id }", given, by=self.admin)
            self.deals += [made["deal"]["id"]] if made["deal"] else []

    async def move(self) -> None:
        await self._customer("updateCustomer", stage=self.chance.choice(["LEAD", "OPPORTUNITY"]))

    async def hand_over(self) -> None:
        await self._customer("updateCustomer", ownerId=self.chance.choice(PEOPLE))

    async def merge(self) -> None:
        if len(self.customers) > 1:
            survivor, other = self.chance.sample(self.customers, 2)
            given = {"survivorId": survivor, "otherIds": [other]}
            made = await self.client.mutate("mergeCustomers", "merge { id }", given, by=self.admin)
            self.merges += [made["merge"]["id"]] if made["merge"] else []

    async def unmerge(self) -> None:
        if self.merges:
            merge_id = self.merges.pop()
            await self.client.mutate("unmergeCustomers", "merge { id }", {"mergeId": merge_id}, by=self.admin)

    async def delete(self) -> None:
        await self._customer("deleteCustomer")

    async def restore(self) -> None:
        await self._customer("restoreCustomer")

    async def delete_deal(self) -> None:
        if self.deals:
            given = {"id": self.chance.choice(self.deals)}
            await self.client.mutate(
                self.chance.choice(["deleteDeal", "restoreDeal"]), "deal { id }", given, by=self.admin
            )

    async def change_role(self) -> None:
        """The role of whoever follows reaches further, or less far."""
        self.reach = "ALL" if self.reach == "OWN" else "OWN"
        self.seq += 1
        grants = {name: {"READ": self.reach} for name in ("Customer", "Deal")}
        row = {**role_row("READER", grants), "seq": self.seq}
        await self.mongo.database["access"].replace_one({"_id": "READER"}, row, upsert=True)

    async def _customer(self, mutation: str, **given: Any) -> None:
        if self.customers:
            given = {"id": self.chance.choice(self.customers), **given}
            await self.client.mutate(mutation, "customer { id }", given, by=self.admin)


@pytest.fixture
async def desk(mongo: Mongo, client: SubgraphClient, admin: Actor) -> Desk:
    rows = [role_row("READER", {name: {"READ": "OWN"} for name in ("Customer", "Deal")})]
    await mongo.database["access"].insert_many([*rows, *(user_row(person, "READER") for person in PEOPLE)])
    return Desk(client, mongo, admin, random.Random(0))


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("followed", [CUSTOMERS, DEALS])
async def test_after_each_resume_a_client_has_what_a_query_finds(
    desk: Desk, outbox: OutboxStore, directory: Directory, seed: int, followed: tuple[str, str, str]
) -> None:
    desk.chance = random.Random(seed)
    reader = Actor("usr_seller", "READER", "ses_4")
    followers = of_each_page_size(desk.client, reader, followed)
    await follow_through(followers, desk.work, outbox, desk.chance, directory.refresh)
    for follower in followers:
        assert follower.resets < 12  # most of the times it was told what had changed
    assert len(desk.customers) > 3


async def test_deals_come_and_go_with_customers_that_are_merged(
    client: SubgraphClient, mongo: Mongo, outbox: OutboxStore, admin: Actor, seller: Actor
) -> None:
    async def make(owner: str) -> str:
        given = {"kind": "PERSON", "name": "张三", "ownerId": owner}
        made = await client.mutate("createCustomer", "customer { id }", given, by=admin)
        await client.mutate(
            "createDeal", "deal { id }", {"customerId": made["customer"]["id"], "name": "年度授权"}, by=admin
        )
        return str(made["customer"]["id"])

    async def merge(survivor: str, other: str) -> str:
        given = {"survivorId": survivor, "otherIds": [other]}
        made = await client.mutate("mergeCustomers", "merge { id }", given, by=admin)
        return str(made["merge"]["id"])

    async def unmerge(merge_id: str) -> None:
        done = await client.mutate("unmergeCustomers", "merge { id }", {"mergeId": merge_id}, by=admin)
        assert done["userErrors"] == []

    async def told(sellers: int, of_customer: int) -> None:
        await number_events(outbox)
        for follower, expected in ((theirs, sellers), (its, of_customer)):
            await follower.resume()
            assert len(follower.copy) == expected

    await mongo.database["access"].insert_many([user_row(owner) for owner in (seller.id, "usr_rival")])
    own, rivals = await make(seller.id), await make("usr_rival")
    theirs = ListFollower(client, seller, *DEALS)
    its = ListFollower(client, admin, "deals", "dealChanges", f'{{customerId: {{eq: "{own}"}}}}')
    await told(1, 1)
    merged = await merge(own, rivals)
    await told(2, 2)
    await unmerge(merged)
    await told(1, 1)
    merged = await merge(rivals, own)
    await told(0, 0)
    await unmerge(merged)
    await told(1, 1)
    merged = await merge(own, rivals)
    await told(2, 2)
    await client.mutate("updateCustomer", "customer { id }", {"id": own, "ownerId": "usr_rival"}, by=admin)
    await unmerge(merged)
    await told(0, 1)
    assert theirs.resets == its.resets == 1


async def test_a_page_of_changes_takes_a_fixed_number_of_queries(desk: Desk, outbox: OutboxStore, admin: Actor) -> None:
    follower = ListFollower(desk.client, admin, *CUSTOMERS, page_size=100)
    await follower.resume()
    counted = []
    for size in (2, 12):
        for _ in range(size):
            await desk.create()
        await number_events(outbox)
        before = commands()
        assert len(await follower.page()) == size
        counted.append(commands() - before)
    assert counted[0] == counted[1] <= 4


async def test_what_is_older_than_the_log_is_not_made_up(
    desk: Desk, outbox: OutboxStore, admin: Actor, mongo: Mongo, clock: ManualClock
) -> None:
    follower = ListFollower(desk.client, admin, *CUSTOMERS, page_size=100)
    await follower.resume()
    for expected_resets in (2, 3):
        await desk.create()
        await number_events(outbox)
        if expected_resets == 2:  # the row behind the cursor is gone
            await mongo.database["outbox"].delete_many({"position": {"$gt": 0}})
        else:  # it may go at any moment
            clock.advance(timedelta(days=7))
        await follower.resume()
        assert follower.resets == expected_resets


async def test_a_cursor_of_nobody_is_refused(client: SubgraphClient, admin: Actor) -> None:
    for cursor in ("x", "W10", "WyJhIiwtMSwiYiJd"):
        answer = await client.query(
            "query($c: String) { customerChanges(after: $c) { cursor } }", {"c": cursor}, by=admin
        )
        assert answer.codes == ["BAD_USER_INPUT"]
    answer = await client.query("{ customerChanges(first: 101) { cursor } }", by=admin)
    assert answer.codes == ["BAD_USER_INPUT"]
