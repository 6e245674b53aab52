"""Purging: who was put away long enough ago leaves with everything, and nobody else does."""

from datetime import timedelta
from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_customers.app import pipeline_service, purge_service
from rapport_customers.purges.repository import INDEXES
from rapport_shared.actor import Actor
from rapport_shared.audit import Chain, verify
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

SECRET = "canary7391"


async def make(client: SubgraphClient, by: Actor, name: str = "张三", **given: Any) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": name, **given}, by=by)
    assert made["userErrors"] == []
    return str(made["customer"]["id"])


async def act(client: SubgraphClient, by: Actor, field: str, customer: str, **given: Any) -> None:
    assert (await client.mutate(field, "customer { id }", {"id": customer, **given}, by=by))["userErrors"] == []


async def hang(client: SubgraphClient, by: Actor, field: str, customer: str, **given: Any) -> None:
    noun = field.removeprefix("create").lower()
    made = await client.mutate(field, f"{noun} {{ id }}", {"customerId": customer, **given}, by=by)
    assert made["userErrors"] == []


async def places(mongo: Mongo, *texts: str) -> set[str]:
    """The collections where one of these stands."""
    names = await mongo.database.list_collection_names()
    return {
        name for name in names async for row in mongo.database[name].find() if any(each in str(row) for each in texts)
    }


async def purged(mongo: Mongo, clock: ManualClock, after_days: int | None = 30) -> int:
    worker, before = purge_service(mongo, after_days, clock), await mongo.database["customers"].count_documents({})
    while await worker.step():
        pass
    return before - await mongo.database["customers"].count_documents({})


async def test_nothing_of_a_purged_customer_stays_but_that_it_was(
    client: SubgraphClient, mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    await pipeline_service(mongo, clock).ensure_standard()
    gone = await make(
        client, admin, f"{SECRET} 张三", email=f"{SECRET}@example.com", idempotencyKey="k", externalId="1"
    )
    await act(client, admin, "updateCustomer", gone, tags=[f"{SECRET} tag"])
    await act(client, admin, "updateCustomer", gone, stage="OPPORTUNITY", reason=f"{SECRET} reason")
    await hang(client, admin, "createContact", gone, name=f"{SECRET} 王五")
    await hang(client, admin, "createNeed", gone, kind="PAIN", text=f"{SECRET} pain")
    await hang(client, admin, "createDeal", gone, name=f"{SECRET} deal")
    line = {"name": f"{SECRET} thing", "quantity": "1", "unitPrice": {"amount": "1", "currency": "CNY"}}
    await hang(client, admin, "createOrder", gone, number="1", lines=[line])
    await act(client, admin, "deleteCustomer", gone)
    clock.advance(timedelta(days=30, seconds=1))
    assert await purged(mongo, clock) == 1
    assert await places(mongo, SECRET) == set()
    assert await places(mongo, gone) == {"audit", "outbox", "idempotency_keys"}
    told = await mongo.database["outbox"].find({"routing_key": "customers.customer.purged.v1"}).to_list(None)
    assert len(told) == 1
    chain = Chain(mongo, clock)
    await chain.seal()
    assert [problem async for problem in verify(mongo.database)] == []
    await make(client, admin, externalId="1")


async def test_who_stays(client: SubgraphClient, mongo: Mongo, admin: Actor, clock: ManualClock) -> None:
    kept, restored, early, merged, survivor, erased = [await make(client, admin, f"顾客{n}") for n in range(6)]
    for customer in (restored, erased):
        await act(client, admin, "deleteCustomer", customer)
    await act(client, admin, "restoreCustomer", restored)
    given = {"survivorId": survivor, "otherIds": [merged]}
    assert (await client.mutate("mergeCustomers", "customer { id }", given, by=admin))["userErrors"] == []
    await client.mutate("eraseSubject", "request { id }", {"customerId": erased}, by=admin)
    clock.advance(timedelta(days=20))
    await act(client, admin, "deleteCustomer", early)
    clock.advance(timedelta(days=20))
    assert await purged(mongo, clock, None) == 0
    assert await purged(mongo, clock) == 0
    await act(client, admin, "deleteCustomer", survivor)
    clock.advance(timedelta(days=40))
    assert await purged(mongo, clock) == 3
    left = {document["_id"] async for document in mongo.database["customers"].find()}
    assert left == {kept, restored, erased}
    assert await places(mongo, merged, early) == {"audit", "outbox"}


async def test_it_looks_every_five_minutes(
    client: SubgraphClient, mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    worker = purge_service(mongo, 1, clock)
    await act(client, admin, "deleteCustomer", await make(client, admin))
    assert not await worker.step()
    clock.advance(timedelta(minutes=4))
    await mongo.database["customers"].update_many({}, {"$set": {"deleted_at": clock() - timedelta(days=2)}})
    assert not await worker.step()
    clock.advance(timedelta(minutes=1))
    assert await worker.step()


async def test_it_goes_by_an_index(mongo: Mongo, clock: ManualClock) -> None:
    await mongo.database["customers"].insert_one({"_id": "cus_1", "deleted": True, "deleted_at": clock()})
    condition = {"deleted": True, "merged_into_id": None, "erased_at": None, "deleted_at": {"$lt": clock()}}
    plan = await mongo.database["customers"].find(condition).sort("deleted_at", 1).explain()
    assert "COLLSCAN" not in str(plan["queryPlanner"]["winningPlan"])
    assert [name for name, _ in INDEXES[0].keys][:-1] == list(condition)


@pytest.mark.parametrize("field", ["externalId", "custom"])
async def test_a_value_that_was_taken_meanwhile_names_its_holder(
    client: SubgraphClient, admin: Actor, field: str
) -> None:
    defined = {"appliesTo": "Customer", "key": "card", "label": "卡", "type": "TEXT", "unique": True}
    await client.mutate("defineCustomField", "customField { id }", defined, by=admin)
    value: Any = "crm:1" if field == "externalId" else [{"key": "card", "value": "A1"}]
    away = await make(client, admin, **{field: value})
    await act(client, admin, "deleteCustomer", away)
    holder = await make(client, admin, **{field: value})
    refused = await client.mutate("restoreCustomer", "customer { id } userErrors { message }", {"id": away}, by=admin)
    assert refused["customer"] == {"id": holder}
    (error,) = refused["userErrors"]
    assert error["code"] in {"EXTERNAL_ID_TAKEN", "CUSTOM_VALUE_TAKEN"}
    assert holder in error["message"]
    await act(client, admin, "deleteCustomer", holder)
    await act(client, admin, "restoreCustomer", away)


async def test_a_holder_out_of_sight_is_not_named(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    away = await make(client, seller, externalId="crm:1")
    await act(client, seller, "deleteCustomer", away)
    holder = await make(client, admin, externalId="crm:1")
    refused = await client.mutate("restoreCustomer", "customer { id } userErrors { message }", {"id": away}, by=seller)
    assert refused["customer"] is None
    assert holder not in refused["userErrors"][0]["message"]
