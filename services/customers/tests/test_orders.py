"""Orders as clients meet them, and what they say of a customer."""

import asyncio
from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

ORDER = "order { id number status total { amount currency } lines { name } customer { id } }"
FACTS = "query($id: ID!) { customer(id: $id) { orderCount spend { amount currency } firstOrderAt lastOrderAt } }"


async def customer(client: SubgraphClient, by: Actor) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "李四"}, by=by)
    return str(made["customer"]["id"])


async def create(client: SubgraphClient, customer_id: str, by: Actor, number: str, amount: str, **given: Any) -> Any:
    lines = [{"name": "Album", "quantity": "1", "unitPrice": {"amount": amount, "currency": "CNY"}}]
    order = {"customerId": customer_id, "number": number, "lines": lines, **given}
    return await client.mutate("createOrder", ORDER, order, by=by)


async def facts(client: SubgraphClient, customer_id: str, by: Actor) -> Any:
    return (await client.query(FACTS, {"id": customer_id}, by=by)).data["customer"]


async def test_orders_make_the_facts_of_their_customer(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    assert await facts(client, about, seller) == {
        "orderCount": 0,
        "spend": [],
        "firstOrderAt": None,
        "lastOrderAt": None,
    }
    await create(client, about, seller, "1", "10.50", orderedAt="2026-02-01T00:00:00Z")
    await create(client, about, seller, "2", "4", orderedAt="2026-01-01T00:00:00Z")
    await create(client, about, seller, "3", "1", total={"amount": "9", "currency": "USD"}, lines=[])
    assert await facts(client, about, seller) == {
        "orderCount": 3,
        "spend": [{"amount": "14.50", "currency": "CNY"}, {"amount": "9.00", "currency": "USD"}],
        "firstOrderAt": "2026-01-01T00:00:00.000Z",
        "lastOrderAt": "2026-03-01T09:00:00.000Z",
    }


async def test_an_order_that_ends_counts_no_more_and_stays(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    kept = (await create(client, about, seller, "1", "10", orderedAt="2026-02-01T00:00:00Z"))["order"]
    gone = (await create(client, about, seller, "2", "5"))["order"]
    for status in ("PAID", "REFUNDED"):
        await client.mutate("updateOrder", ORDER, {"id": gone["id"], "status": status}, by=seller)
    counted = await facts(client, about, seller)
    assert (counted["orderCount"], counted["spend"]) == (1, [{"amount": "10.00", "currency": "CNY"}])
    assert counted["lastOrderAt"] == "2026-02-01T00:00:00.000Z"
    refused = await client.mutate("updateOrder", ORDER, {"id": gone["id"], "status": "PAID"}, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["ORDER_ENDED"]
    done = await client.mutate("updateOrder", ORDER, {"id": kept["id"], "status": "PAID"}, by=seller)
    assert done["order"]["status"] == "PAID"


async def test_facts_hold_under_orders_at_the_same_time_and_edits_of_the_customer(
    client: SubgraphClient, seller: Actor
) -> None:
    about = await customer(client, seller)
    orders = [create(client, about, seller, str(number), "2.5") for number in range(8)]
    edits = [
        client.mutate("updateCustomer", "customer { id }", {"id": about, "name": f"李四 {number}"}, by=seller)
        for number in range(4)
    ]
    answers = await asyncio.gather(*orders, *edits)
    assert [answer["userErrors"] for answer in answers] == [[]] * 12
    counted = await facts(client, about, seller)
    assert (counted["orderCount"], counted["spend"]) == (8, [{"amount": "20.00", "currency": "CNY"}])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"number": "taken"}, "ORDER_NUMBER_TAKEN"),
        ({"number": " "}, "INVALID_TEXT"),
        ({"lines": []}, "INVALID_LINES"),
        ({"customerId": "cus_none"}, "CUSTOMER_NOT_FOUND"),
    ],
)
async def test_bad_orders_are_refused_and_count_nothing(
    client: SubgraphClient, mongo: Mongo, seller: Actor, given: dict[str, Any], code: str
) -> None:
    about = await customer(client, seller)
    await create(client, about, seller, "taken", "1")
    refused = await create(client, about, seller, **{"number": "new", "amount": "1", **given})
    assert [error["code"] for error in refused["userErrors"]] == [code]
    assert await mongo.database["orders"].count_documents({}) == 1
    assert (await facts(client, about, seller))["orderCount"] == 1


async def test_customers_are_found_by_what_they_bought(client: SubgraphClient, seller: Actor) -> None:
    buyer, other = await customer(client, seller), await customer(client, seller)
    await create(client, buyer, seller, "1", "1")
    document = "{ customers(filter: {orderCount: {gte: 1}}) { nodes { id orders { nodes { number } totalCount } } } }"
    nodes = (await client.query(document, by=seller)).data["customers"]["nodes"]
    assert nodes == [{"id": buyer, "orders": {"nodes": [{"number": "1"}], "totalCount": 1}}]
    document = "{ customers(orderBy: [{field: LAST_ORDER_AT, direction: DESC}]) { nodes { id } } }"
    nodes = (await client.query(document, by=seller)).data["customers"]["nodes"]
    assert [node["id"] for node in nodes] == [buyer, other]


async def test_sums_of_orders_are_for_who_may_read_orders(client: SubgraphClient, seller: Actor) -> None:
    about = await customer(client, seller)
    await create(client, about, seller, "1", "10")
    marketing = Actor("usr_marketing", "MARKETING", "ses_7")
    assert (await facts(client, about, marketing))["spend"] is None
    assert (await client.query("{ orders { totalCount } }", by=marketing)).data["orders"]["totalCount"] == 0
    assert (await facts(client, about, seller))["spend"] == [{"amount": "10.00", "currency": "CNY"}]
