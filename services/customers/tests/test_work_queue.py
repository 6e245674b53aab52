"""The work queue as clients meet it: who is due and why, in which order, for whom, and at what cost."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from access_rows import user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.customers.repository import COLLECTION
from rapport_customers.handling.model import Handling
from rapport_customers.work_queue.inputs import ORDER
from rapport_customers.work_queue.model import queue_of, reasons_under
from rapport_customers.work_queue.repository import INDEXES
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
QUEUE = """query($of: ID, $why: [WorkReason!], $first: Int, $after: String) {
  workQueue(userId: $of, reasons: $why, first: $first, after: $after) {
    totalCount pageInfo { hasNextPage endCursor } nodes { reasons customer { name } } } }"""


@pytest.fixture(autouse=True)
async def staff(mongo: Mongo, seller: Actor) -> None:
    await mongo.database["access"].insert_one(user_row(seller.id))


async def make(client: SubgraphClient, by: Actor, name: str, **given: Any) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": name, **given}, by=by)
    return str(made["customer"]["id"])


async def queue(client: SubgraphClient, by: Actor, **asked: Any) -> Any:
    return (await client.query(QUEUE, asked, by=by)).data["workQueue"]


async def names(client: SubgraphClient, by: Actor, **asked: Any) -> list[str]:
    return [node["customer"]["name"] for node in (await queue(client, by, **asked))["nodes"]]


async def spoke(mongo: Mongo, identifier: str, clock: ManualClock) -> None:
    await mongo.database[COLLECTION].update_one({"_id": identifier}, {"$set": {"facts.last_interaction_at": clock()}})


async def test_high_ones_come_first_then_the_longest_silence(
    client: SubgraphClient, mongo: Mongo, clock: ManualClock, seller: Actor, admin: Actor
) -> None:
    quiet = await make(client, seller, "quiet", stage="CUSTOMER")
    await spoke(mongo, quiet, clock)
    await make(client, seller, "never", stage="LEAD")
    await make(client, seller, "lost", stage="LOST", priority="HIGH")
    await client.mutate("deleteCustomer", "customer { id }", {"id": await make(client, seller, "gone")}, by=seller)
    await make(client, admin, "another's", priority="HIGH")
    clock.advance(timedelta(days=10))
    urgent = await make(client, seller, "urgent", priority="HIGH")
    await spoke(mongo, urgent, clock)
    await make(client, seller, "fresh")
    assert await names(client, seller) == ["urgent"]
    clock.advance(timedelta(days=4))
    fresh = [node for node in (await queue(client, seller))["nodes"] if node["customer"]["name"] == "urgent"]
    assert fresh == [{"reasons": ["HIGH_PRIORITY"], "customer": {"name": "urgent"}}]
    assert await names(client, seller) == ["urgent", "never", "quiet"]
    clock.advance(timedelta(days=16))
    found = await queue(client, seller)
    assert [(node["customer"]["name"], node["reasons"]) for node in found["nodes"]] == [
        ("urgent", ["HIGH_PRIORITY", "NOT_CONTACTED"]),
        ("never", ["NOT_CONTACTED", "LONG_IN_STAGE"]),
        ("fresh", ["NOT_CONTACTED"]),
        ("quiet", ["NOT_CONTACTED"]),
    ]
    assert found["totalCount"] == 4
    assert await names(client, seller, why=["LONG_IN_STAGE"]) == ["never"]
    assert await names(client, seller, why=[]) == []


async def test_days_are_the_companys_to_set(client: SubgraphClient, clock: ManualClock, admin: Actor) -> None:
    await make(client, admin, "someone")
    clock.advance(timedelta(days=5))
    assert await names(client, admin) == []
    changed = await client.mutate(
        "updateCustomerHandling", "handling { quietDays stageDays }", {"quietDays": 5, "stageDays": 6}, by=admin
    )
    assert changed == {"handling": {"quietDays": 5, "stageDays": 6}, "userErrors": []}
    assert [node["reasons"] for node in (await queue(client, admin))["nodes"]] == [["NOT_CONTACTED"]]
    refused = await client.mutate("updateCustomerHandling", "handling { version }", {"quietDays": 0}, by=admin)
    assert [(each["code"], each["path"]) for each in refused["userErrors"]] == [
        ("INVALID_DAYS", ["input", "quietDays"])
    ]


async def test_a_queue_shows_no_more_than_one_may_see(client: SubgraphClient, seller: Actor, admin: Actor) -> None:
    await make(client, seller, "the seller's", priority="HIGH")
    await make(client, admin, "the administrator's", priority="HIGH")
    assert await names(client, admin, of=seller.id) == ["the seller's"]
    assert await names(client, seller, of=admin.id) == []
    nobody = Actor("usr_nobody", "NOBODY", "ses_9")
    assert (await client.query(QUEUE, by=nobody)).codes == ["FORBIDDEN"]


async def test_pages_neither_repeat_nor_miss_and_cost_the_same(client: SubgraphClient, seller: Actor) -> None:
    for number in range(5):
        await make(client, seller, str(number), priority="HIGH" if number % 2 else "LOW")
    await client.query(QUEUE, {"why": ["HIGH_PRIORITY"]}, by=seller)
    seen, after, costs = [], None, []
    while True:
        before = commands()
        page = await queue(client, seller, first=1 if after is None else 2, after=after, why=["HIGH_PRIORITY"])
        costs.append(commands() - before)
        seen += [node["customer"]["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert seen == ["1", "3"]
    assert len(set(costs)) == 1


def test_one_index_has_the_queue_and_its_order() -> None:
    """Equalities first, then the order: the database reads the queue from the index, the first ones first."""
    asked = queue_of("usr_1", reasons_under(Handling(id="customers")), None, NOW)
    (owner, deleted, *order) = INDEXES[0].keys
    assert (asked[owner[0]], asked[deleted[0]]) == ("usr_1", False)
    assert order == [(key.field, -1 if key.descending else 1) for key in ORDER]
