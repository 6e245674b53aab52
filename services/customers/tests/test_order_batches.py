"""Orders in batches, as shops send them: each decided by itself, and in as many database calls as one."""

import asyncio
from typing import Any

import pytest
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

RESULTS = "results { outcome order { id number status total { amount } lines { name } customer { id } version } "
RESULTS += "userErrors { code path } }"
USD = {"currency": "USD"}
FACTS = (
    "query($id: ID!) { customer(id: $id) { orderCount spend { amount } stage lastOrderAt history { nodes { id } } } }"
)


async def customers(client: SubgraphClient, by: Actor, count: int, start: int = 0) -> list[str]:
    made = [
        await client.mutate(
            "createCustomer",
            "customer { id }",
            {"kind": "PERSON", "name": f"李四 {number}", "externalId": f"shop-{number}"},
            by=by,
        )
        for number in range(start, start + count)
    ]
    return [each["customer"]["id"] for each in made]


def order(number: object, amount: str = "5", **given: Any) -> dict[str, Any]:
    return {"number": str(number), "total": {"amount": amount, **USD}, **given}


async def upsert(client: SubgraphClient, by: Actor, *orders: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await client.mutate("upsertOrders", RESULTS, {"orders": list(orders)}, by=by)
    assert answer["userErrors"] == []
    results: list[dict[str, Any]] = answer["results"]
    return results


def outcomes(results: list[dict[str, Any]]) -> list[str]:
    return [each["outcome"] for each in results]


async def test_orders_of_a_batch_are_made_and_changed_and_the_same_again_changes_nothing(
    client: SubgraphClient, mongo: Mongo, seller: Actor
) -> None:
    one, other = await customers(client, seller, 2)
    batch = [
        order("a", "10", customerId=one, orderedAt="2026-01-01T00:00:00Z"),
        order("b", "2.5", customerExternalId="shop-1"),
        order("c", "1", customerId=one, status="CANCELLED"),
        order("d", "4", customerId=one),
    ]
    made = await upsert(client, seller, *batch)
    assert outcomes(made) == ["CREATED"] * 4
    assert [each["order"]["customer"]["id"] for each in made] == [one, other, one, one]
    kept = await everything(mongo)
    assert outcomes(await upsert(client, seller, *batch)) == ["UNCHANGED"] * 4
    assert await everything(mongo) == kept

    line: dict[str, Any] = {"name": "Album", "quantity": "2", "unitPrice": {"amount": "3", **USD}}
    changes: list[dict[str, Any]] = [
        {"number": "a", "status": "PAID"},
        {"number": "b", "lines": [line]},
        order("e", "1", customerId=other),
    ]
    changed = await upsert(client, seller, *changes)
    assert outcomes(changed) == ["UPDATED", "UPDATED", "CREATED"]
    assert [each["order"]["total"]["amount"] for each in changed] == ["10.00", "6.00", "1.00"]
    assert [each["order"]["version"] for each in changed] == [2, 2, 1]
    assert outcomes(await upsert(client, seller, *changes)) == ["UNCHANGED"] * 3
    facts = [(await client.query(FACTS, {"id": each}, by=seller)).data["customer"] for each in (one, other)]
    assert [(each["orderCount"], each["spend"][0]["amount"], each["stage"]) for each in facts] == [
        (2, "14.00", "REPEAT"),
        (2, "7.00", "REPEAT"),
    ]


async def everything(mongo: Mongo) -> dict[str, Any]:
    """What the database holds that a repetition could add to or change."""
    names = ("orders", "customers", "outbox", "audit", "customer_history", "customer_attention", "stage_stays")
    return {name: await mongo.database[name].find().sort("_id", 1).to_list(None) for name in names}


async def test_what_is_wrong_with_one_order_does_not_touch_the_others(
    client: SubgraphClient, seller: Actor, admin: Actor
) -> None:
    [mine] = await customers(client, seller, 1)
    [foreign] = await customers(client, admin, 1, start=7)
    await upsert(
        client, admin, order("foreign", customerId=foreign), order("ended", customerId=mine, status="REFUNDED")
    )
    rows = [
        order("good", customerId=mine),
        order("good", "9", customerId=mine),
        order(" ", customerId=mine),
        order("amount", "1.001", customerId=mine),
        order("nobody", customerId="cus_none"),
        order("nobody's", customerExternalId="shop-9"),
        order("whose"),
        order("both", customerId=mine, customerExternalId="shop-0"),
        order("out of reach", customerExternalId="shop-7"),
        order("foreign", customerId=mine),
        order("ended", status="PAID"),
        {"number": "empty", "customerId": mine},
        order(
            "sold",
            customerId=mine,
            lines=[{"productId": "prd_0", "name": "A", "quantity": "1", "unitPrice": {"amount": "1", **USD}}],
        ),
        order("good too", customerExternalId="shop-0"),
    ]
    results = await upsert(client, seller, *rows)
    refused = {place: each["userErrors"] for place, each in enumerate(results) if each["outcome"] == "REFUSED"}
    assert {place: [(error["code"], error["path"][3:]) for error in errors] for place, errors in refused.items()} == {
        1: [("NUMBER_REPEATED", ["number"])],
        2: [("INVALID_TEXT", ["number"])],
        3: [("INVALID_MONEY", ["total"])],
        4: [("CUSTOMER_NOT_FOUND", ["customerId"])],
        5: [("CUSTOMER_NOT_FOUND", ["customerExternalId"])],
        6: [("CUSTOMER_NOT_FOUND", ["customerId"])],
        7: [("AMBIGUOUS_CUSTOMER", ["customerExternalId"])],
        8: [("CUSTOMER_NOT_FOUND", ["customerExternalId"])],
        9: [("ORDER_NUMBER_TAKEN", ["number"])],
        10: [("ORDER_ENDED", ["number"])],
        11: [("INVALID_LINES", ["lines"])],
        12: [("PRODUCT_NOT_FOUND", ["lines"])],
    }
    assert all(error["path"][:3] == ["input", "orders", str(place)] for place in refused for error in refused[place])
    assert [results[place]["outcome"] for place in (0, 13)] == ["CREATED", "CREATED"]
    assert (await client.query(FACTS, {"id": mine}, by=seller)).data["customer"]["orderCount"] == 2


@pytest.mark.parametrize("count", [0, 101])
async def test_a_batch_has_one_to_a_hundred_orders(client: SubgraphClient, seller: Actor, count: int) -> None:
    batch = {"orders": [order(number) for number in range(count)]}
    answer = await client.mutate("upsertOrders", RESULTS, batch, by=seller)
    assert answer["results"] == []
    assert [error["code"] for error in answer["userErrors"]] == ["INVALID_BATCH"]


async def test_a_batch_costs_as_many_database_calls_as_one_order(client: SubgraphClient, seller: Actor) -> None:
    known = await customers(client, seller, 6)
    costs = []
    for size in (1, 6):
        orders = [order(f"{size}:{number}", customerId=about) for number, about in enumerate(known[:size])]
        for batch in (orders, [{**each, "status": "PAID"} for each in orders], orders):
            before = commands()
            await client.mutate("upsertOrders", "results { outcome }", {"orders": batch}, by=seller)
            costs.append(commands() - before)
    assert costs[:3] == costs[3:]
    assert max(costs) <= 13


async def test_the_same_orders_sent_at_the_same_time_are_made_once(
    client: SubgraphClient, transactions: Transactions[CustomersWork], seller: Actor
) -> None:
    known = await customers(client, seller, 3)
    batch = [order(number, customerId=about) for number, about in enumerate(known * 2)]
    answers = await asyncio.gather(*(upsert(client, seller, *batch) for _ in range(3)))
    found = [outcome for results in zip(*map(outcomes, answers), strict=True) for outcome in sorted(results)]
    assert found == ["CREATED", "UNCHANGED", "UNCHANGED"] * 6
    counted = await transactions.run(lambda work: work.orders.facts(known))
    assert [counted[each]["order_count"] for each in known] == [2, 2, 2]
    for each in known:
        assert (await client.query(FACTS, {"id": each}, by=seller)).data["customer"]["orderCount"] == 2


async def test_who_may_not_change_orders_changes_none(client: SubgraphClient, seller: Actor) -> None:
    [about] = await customers(client, seller, 1)
    await upsert(client, seller, order("1", customerId=about))
    support = Actor("usr_support", "SUPPORT", "ses_7")
    answer = await client.mutate("upsertOrders", RESULTS, {"orders": [{"number": "1", "status": "PAID"}]}, by=support)
    assert ([error["code"] for error in answer["userErrors"]], answer["results"]) == (["FORBIDDEN"], [])
    integrator = Actor("usr_shop", "INTEGRATOR", "ses_8")
    results = await upsert(client, integrator, {"number": "1", "status": "PAID"}, order("2", customerId=about))
    assert outcomes(results) == ["UPDATED", "CREATED"]


async def test_orders_of_merged_customers_go_to_whom_they_were_merged_into(
    client: SubgraphClient, seller: Actor, admin: Actor
) -> None:
    kept, gone = await customers(client, seller, 2)
    await upsert(client, seller, order("before", customerExternalId="shop-1"))
    merged = await client.mutate("mergeCustomers", "merge { id }", {"survivorId": kept, "otherIds": [gone]}, by=admin)
    assert merged["userErrors"] == []
    results = await upsert(
        client,
        seller,
        order("before", "7", customerExternalId="shop-1"),
        order("by external id", customerExternalId="shop-1"),
        order("by id", customerId=gone),
    )
    assert outcomes(results) == ["UPDATED", "CREATED", "CREATED"]
    assert {each["order"]["customer"]["id"] for each in results} == {kept}
