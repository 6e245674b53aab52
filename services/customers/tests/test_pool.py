"""The pool as clients meet it: claiming, giving back, and what returns by itself."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from access_rows import user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.app import pool_service
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

POOL = "{ pool { totalCount nodes { id name stage pooledAt lastOwnerId } } }"
OWNED = "customer { id ownerId pooledAt lastOwnerId }"
CROWD = 50


@pytest.fixture(autouse=True)
async def staff(mongo: Mongo, seller: Actor) -> None:
    await mongo.database["access"].insert_one(user_row(seller.id))


async def make(client: SubgraphClient, by: Actor, **given: Any) -> str:
    fields = {"kind": "PERSON", "name": "张三", "phone": "13812345678", **given}
    made = await client.mutate("createCustomer", "customer { id }", fields, by=by)
    return str(made["customer"]["id"])


async def act(client: SubgraphClient, by: Actor, mutation: str, identifier: str, **given: Any) -> list[str]:
    answer = await client.mutate(mutation, OWNED, {"id": identifier, **given}, by=by)
    return [error["code"] for error in answer["userErrors"]]


async def rule(client: SubgraphClient, admin: Actor, **given: Any) -> None:
    answer = await client.mutate("updatePoolRules", "rules { version }", given, by=admin)
    assert answer["userErrors"] == []


async def in_pool(client: SubgraphClient, by: Actor) -> list[str]:
    return [node["id"] for node in (await client.query(POOL, by=by)).data["pool"]["nodes"]]


async def test_a_customer_is_given_back_and_claimed(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    identifier = await make(client, seller)
    await client.mutate("createContact", "contact { id }", {"customerId": identifier, "name": "李四"}, by=seller)
    assert await in_pool(client, admin) == []
    assert await act(client, seller, "claimCustomer", identifier) == ["CUSTOMER_NOT_IN_POOL"]
    assert await act(client, seller, "releaseCustomer", identifier) == []
    listed = (await client.query(POOL, by=seller)).data["pool"]
    assert listed["totalCount"] == 1
    assert (listed["nodes"][0]["id"], listed["nodes"][0]["lastOwnerId"]) == (identifier, seller.id)
    hidden = "query($id: ID!) { customer(id: $id) { id } }"
    assert (await client.query(hidden, {"id": identifier}, by=seller)).data == {"customer": None}
    assert await act(client, seller, "claimCustomer", identifier) == []
    found = "{ contacts { nodes { name } } customers { nodes { ownerId pooledAt } } }"
    answer = (await client.query(found, by=seller)).data
    assert answer["contacts"]["nodes"] == [{"name": "李四"}]
    assert answer["customers"]["nodes"] == [{"ownerId": seller.id, "pooledAt": None}]


async def test_of_many_who_claim_a_customer_one_gets_it(client: SubgraphClient, admin: Actor, mongo: Mongo) -> None:
    identifier = await make(client, admin, ownerId=None)
    crowd = [Actor(f"usr_{number}", "SALES", f"ses_{number}") for number in range(CROWD)]
    codes = await asyncio.gather(*(act(client, one, "claimCustomer", identifier) for one in crowd))
    assert sorted(codes) == [[], *[["CUSTOMER_NOT_IN_POOL"]] * (CROWD - 1)]
    stored = await mongo.database["customers"].find_one({"_id": identifier})
    assert stored is not None
    assert stored["owner_id"] == crowd[codes.index([])].id
    updates = {"routing_key": "customers.customer.updated.v1"}
    assert await mongo.database["outbox"].count_documents(updates) == 1


async def test_claims_have_limits(
    client: SubgraphClient, admin: Actor, seller: Actor, clock: ManualClock, mongo: Mongo
) -> None:
    await rule(client, admin, maxClaimsPerDay=2, maxHeld=3)
    waiting = [await make(client, admin, ownerId=None) for _ in range(5)]
    codes = await asyncio.gather(*(act(client, seller, "claimCustomer", each) for each in waiting[:4]))
    assert sorted(codes) == [[], [], ["CLAIM_LIMIT_REACHED"], ["CLAIM_LIMIT_REACHED"]]
    clock.advance(timedelta(days=1))
    left = await in_pool(client, seller)
    assert len(left) == 3
    assert await act(client, seller, "claimCustomer", left[0]) == []
    assert await act(client, seller, "claimCustomer", left[1]) == ["CLAIM_LIMIT_REACHED"]
    assert await mongo.database["customers"].count_documents({"owner_id": seller.id}) == 3


async def test_who_looked_after_it_last_has_to_wait(
    client: SubgraphClient, admin: Actor, seller: Actor, clock: ManualClock
) -> None:
    await rule(client, admin, reclaimAfterDays=7)
    identifier = await make(client, seller)
    assert await act(client, seller, "releaseCustomer", identifier) == []
    clock.advance(timedelta(days=6))
    assert await act(client, seller, "claimCustomer", identifier) == ["RECLAIM_TOO_SOON"]
    clock.advance(timedelta(days=1))
    assert await act(client, seller, "claimCustomer", identifier) == []


async def test_what_lies_idle_returns_by_itself(
    client: SubgraphClient, admin: Actor, seller: Actor, clock: ManualClock, mongo: Mongo
) -> None:
    idle, bought = await make(client, seller), await make(client, seller)
    spoken, won = await make(client, seller), await make(client, seller, stage="REPEAT")
    clock.advance(timedelta(days=20))
    customers = mongo.database["customers"]
    await customers.update_one({"_id": spoken}, {"$set": {"facts.last_interaction_at": clock()}})
    await customers.update_one({"_id": bought}, {"$set": {"facts.last_order_at": clock()}})
    clock.advance(timedelta(days=11))
    worker = pool_service(mongo, clock)
    assert not await worker.step()  # nobody has said that anything returns
    await rule(client, admin, idleDays=30)
    clock.advance(timedelta(minutes=6))
    while await worker.step():
        pass
    assert await in_pool(client, seller) == [idle]
    owned = {document["_id"] async for document in customers.find({"owner_id": seller.id})}
    assert owned == {bought, spoken, won}
    entry = await mongo.database["customer_history"].find_one({"customer_id": idle, "via": "RULE"})
    assert entry is not None
    assert entry["actor"] == "rule_pool"


@pytest.mark.parametrize("given", [{"maxHeld": 0}, {"idleDays": 0}, {"reclaimAfterDays": -1}])
async def test_bad_rules_are_refused(client: SubgraphClient, admin: Actor, given: dict[str, int]) -> None:
    answer = await client.mutate("updatePoolRules", "rules { version }", given, by=admin)
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID_POOL_RULES"]


async def test_the_pool_is_for_who_may_claim(
    client: SubgraphClient, admin: Actor, seller: Actor, support: Actor
) -> None:
    identifier = await make(client, admin, ownerId=None)
    assert (await client.query(POOL, by=support)).codes == ["FORBIDDEN"]
    assert await act(client, support, "claimCustomer", identifier) == ["FORBIDDEN"]
    refused = await client.mutate("updatePoolRules", "rules { version }", {"maxHeld": 1}, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


async def test_the_pool_costs_the_same_whatever_its_size(client: SubgraphClient, admin: Actor) -> None:
    await client.query(POOL, by=admin)
    counts = []
    for size in (1, 3):
        for _ in range(size):
            await make(client, admin, ownerId=None)
        before = commands()
        await client.query(POOL, by=admin)
        counts.append(commands() - before)
    assert counts[0] == counts[1]
