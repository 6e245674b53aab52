"""Data quality as clients meet it: what is found by which rule, for whom, and what mending does."""

from datetime import timedelta
from typing import Any

import pytest
from access_rows import role_row, user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.customers.repository import COLLECTION, CustomerRepository
from rapport_customers.quality.model import QualityRule
from rapport_customers.quality.tokens import tokens
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

QUALITY = """query($rules: [QualityRule!], $first: Int, $after: String) { dataQuality(rules: $rules) { rule count
  findings(first: $first, after: $after) { totalCount pageInfo { endCursor hasNextPage }
    nodes { fields mendable customer { name } } } } }"""
FIXED = "customers { id phone email version } hasMore"
WHOLE = {"phone": "13812345678", "source": "展会"}
MASKED = role_row("MASKED", {"Customer": {"READ": "ALL"}}, {"Customer": {"phone": "MASK"}})


@pytest.fixture(autouse=True)
async def staff(mongo: Mongo, seller: Actor) -> None:
    await mongo.database["access"].insert_many([user_row(seller.id), MASKED])


async def make(client: SubgraphClient, by: Actor, name: str, **given: Any) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": name, **given}, by=by)
    return str(made["customer"]["id"])


async def found(client: SubgraphClient, by: Actor, rule: str, **asked: Any) -> Any:
    answer = (await client.query(QUALITY, {"rules": [rule], **asked}, by=by)).data["dataQuality"]
    assert [each["rule"] for each in answer] == [rule]
    return answer[0]


async def names(client: SubgraphClient, by: Actor, rule: str) -> list[tuple[str, list[str]]]:
    answer = await found(client, by, rule)
    assert answer["count"] in {None, len(answer["findings"]["nodes"])}
    assert answer["findings"]["totalCount"] == (answer["count"] or 0)
    return [(node["customer"]["name"], node["fields"]) for node in answer["findings"]["nodes"]]


async def spoil(mongo: Mongo, identifier: str, **values: str) -> None:
    """As an earlier release may have stored it."""
    change = {"$set": values, "$unset": {"quality": ""}}
    await mongo.database[COLLECTION].update_one({"_id": identifier}, change)
    assert await CustomerRepository(mongo.database).fill_search() == 1


async def test_missing_goes_by_the_required_sets(client: SubgraphClient, admin: Actor) -> None:
    bare = await make(client, admin, "bare")
    await make(client, admin, "whole", **WHOLE)
    await make(client, admin, "unreachable", source="展会")
    await make(client, admin, "firm", kind="COMPANY", industry="汽车", contactPerson="李四")
    assert await names(client, admin, "MISSING") == [
        ("bare", ["email", "phone", "source", "wechat"]),
        ("unreachable", ["email", "phone", "wechat"]),
        ("firm", ["companySize"]),
    ]
    await client.mutate("updateCustomerHandling", "handling { version }", {"requiredOfPersons": [["source"]]}, by=admin)
    assert await names(client, admin, "MISSING") == [("bare", ["source"]), ("firm", ["companySize"])]
    await client.mutate("updateCustomer", "customer { id }", {"id": bare, "source": "展会"}, by=admin)
    assert await names(client, admin, "MISSING") == [("firm", ["companySize"])]


async def test_what_can_be_normalised_is_mended_once(client: SubgraphClient, admin: Actor, mongo: Mongo) -> None:
    loose = await make(client, admin, "loose", **WHOLE)
    broken = await make(client, admin, "broken", **WHOLE)
    await spoil(mongo, loose, phone="138 1234 5678", email="Li@EXAMPLE.com")
    await spoil(mongo, broken, phone="12")
    answer = await found(client, admin, "INVALID")
    assert [(node["fields"], node["mendable"]) for node in answer["findings"]["nodes"]] == [
        (["phone", "email"], True),
        (["phone"], False),
    ]
    fixed = await client.mutate("fixDataQuality", FIXED, {"reason": "清洗"}, by=admin)
    mended = {"id": loose, "phone": "+8613812345678", "email": "Li@example.com", "version": 2}
    assert fixed == {"customers": [mended], "hasMore": False, "userErrors": []}
    again = await client.mutate("fixDataQuality", FIXED, {}, by=admin)
    assert again == {"customers": [], "hasMore": False, "userErrors": []}
    assert await names(client, admin, "INVALID") == [("broken", ["phone"])]
    entry = await mongo.database["customer_history"].find_one({"_id": f"{loose}:2"})
    assert entry is not None
    assert (entry["reason"], [change["field"] for change in entry["changes"]]) == ("清洗", ["email", "phone"])


async def test_stale_goes_by_changes_words_and_orders(
    client: SubgraphClient, admin: Actor, mongo: Mongo, clock: ManualClock
) -> None:
    await make(client, admin, "old")
    clock.advance(timedelta(days=1))
    await make(client, admin, "younger")
    spoken = await make(client, admin, "spoken with")
    clock.advance(timedelta(days=179))
    assert await names(client, admin, "STALE") == []
    await mongo.database[COLLECTION].update_one({"_id": spoken}, {"$set": {"facts.last_interaction_at": clock()}})
    clock.advance(timedelta(days=2))
    assert await names(client, admin, "STALE") == [("old", []), ("younger", [])]
    await client.mutate("updateCustomerHandling", "handling { version }", {"staleDays": 400}, by=admin)
    assert await names(client, admin, "STALE") == []


async def test_duplicates_are_counted_for_who_sees_both(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    for by in (admin, seller):
        await make(client, by, "张三", phone="13812345678")
    assert await names(client, admin, "DUPLICATE") == [("张三", []), ("张三", [])]
    for by in (seller, Actor("usr_masked", "MASKED", "ses_9")):
        assert (await found(client, by, "DUPLICATE"))["count"] is None
        assert await names(client, by, "DUPLICATE") == []


async def test_rights_decide_what_is_found_and_mended(
    client: SubgraphClient, admin: Actor, seller: Actor, mongo: Mongo
) -> None:
    mine, other = await make(client, seller, "mine"), await make(client, admin, "other")
    for identifier in (mine, other):
        await spoil(mongo, identifier, phone="138 1234 5678")
    await make(client, admin, "unreachable", source="展会")
    assert await names(client, seller, "INVALID") == [("mine", ["phone"])]
    assert [name for name, _ in await names(client, seller, "MISSING")] == ["mine"]
    fixed = await client.mutate("fixDataQuality", FIXED, {}, by=seller)
    assert [each["id"] for each in fixed["customers"]] == [mine]
    masked = Actor("usr_masked", "MASKED", "ses_9")
    assert await names(client, masked, "INVALID") == []
    assert await names(client, masked, "MISSING") == [("mine", ["source"]), ("other", ["source"])]
    assert [error["code"] for error in (await client.mutate("fixDataQuality", FIXED, {}, by=masked))["userErrors"]] == [
        "FORBIDDEN"
    ]
    assert (await client.query(QUALITY, by=Actor("usr_x", "NOBODY", "ses_8"))).codes == ["FORBIDDEN"]


async def test_findings_have_pages_and_cost_the_same(client: SubgraphClient, admin: Actor) -> None:
    assert len((await client.query(QUALITY, by=admin)).data["dataQuality"]) == len(QualityRule)
    seen, after, costs = [], None, []
    for number in range(3):
        await make(client, admin, str(number))
    for _ in range(3):
        before = commands()
        page = (await found(client, admin, "MISSING", first=1, after=after))["findings"]
        costs.append(commands() - before)
        seen += [node["customer"]["name"] for node in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
    assert (seen, page["pageInfo"]["hasNextPage"]) == (["0", "1", "2"], False)
    assert len(set(costs)) == 1


def test_an_erased_customer_has_no_faults() -> None:
    assert tokens({"kind": "PERSON", "phone": "1"}) != []
    assert tokens({"kind": "PERSON", "phone": "1", "erased_at": 1}) == []
