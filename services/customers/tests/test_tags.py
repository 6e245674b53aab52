"""Tags as clients meet them: groups, allowed values, free texts, new names, merging."""

from functools import partial
from typing import Any

import pytest
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.evaluations.service import EvaluationService
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

GROUP = "tagGroup { id name choice open version tags { nodes { id name colour } } }"
TAG = "tag { id name colour ruleVersion archived version group { name } }"
TAGGED = "customer { id version tags tagLinks { tagId origin ruleVersion tag { name } } }"


async def group(client: SubgraphClient, by: Actor, name: str = "Industry", **given: Any) -> Any:
    made = await client.mutate("createTagGroup", GROUP, {"name": name, **given}, by=by)
    assert made["userErrors"] == []
    return made["tagGroup"]


async def customer(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    made = await client.mutate("createCustomer", TAGGED, {"kind": "PERSON", "name": "李四", **given}, by=by)
    assert made["userErrors"] == []
    return made["customer"]


async def add(client: SubgraphClient, by: Actor, customer_id: str, **given: Any) -> Any:
    return await client.mutate("addTags", TAGGED, {"id": customer_id, **given}, by=by)


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["userErrors"]]


async def test_a_closed_group_takes_its_own_tags_only(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    made = await group(client, admin, tags=[{"name": "制造业", "colour": "#1e90ff"}, {"name": "零售"}])
    tags = made["tags"]["nodes"]
    assert [(tag["name"], tag["colour"]) for tag in tags] == [("制造业", "#1E90FF"), ("零售", None)]
    theirs = await customer(client, seller, tags=["制造业"])
    refused = await add(client, seller, theirs["id"], names=["农业"], groupId=made["id"])
    assert codes(refused) == ["TAG_GROUP_CLOSED"]
    given = await add(client, seller, theirs["id"], names=["零售"], groupId=made["id"])
    assert given["customer"]["tags"] == ["制造业", "零售"]
    assert [link["origin"] for link in given["customer"]["tagLinks"]] == ["MANUAL", "MANUAL"]
    opened = await client.mutate("updateTagGroup", GROUP, {"id": made["id"], "open": True}, by=admin)
    assert opened["tagGroup"]["open"] is True
    written = await add(client, seller, theirs["id"], names=["农业"], groupId=made["id"])
    assert written["customer"]["tags"] == ["制造业", "零售", "农业"]


async def test_what_people_write_is_a_label_until_a_group_has_it(
    client: SubgraphClient, admin: Actor, seller: Actor
) -> None:
    first = await customer(client, seller, tags=["老客户", "VIP"])
    second = await customer(client, seller, tags=["vip"])
    assert second["tags"] == ["VIP"]
    assert second["tagLinks"][0]["tagId"] == first["tagLinks"][1]["tagId"]
    listed = await client.query("{ tagGroups { nodes { id name open choice } } }", by=seller)
    labels = {"id": "tgr_labels", "name": "Labels · 标签", "open": True, "choice": "MULTI"}
    assert listed.data["tagGroups"]["nodes"] == [labels]
    await group(client, admin, name="Worth", tags=[{"name": "VIP"}])
    given = {"kind": "PERSON", "name": "王五", "tags": ["VIP"]}
    refused = await client.mutate("createCustomer", TAGGED, given, by=admin)
    assert codes(refused) == ["AMBIGUOUS_TAG"]


async def test_a_new_name_keeps_who_has_the_tag(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    made = await group(client, admin, tags=[{"name": "Retail"}, {"name": "Trade"}])
    retail = made["tags"]["nodes"][0]["id"]
    theirs = await customer(client, seller, tags=["Retail"])
    renamed = await client.mutate("updateTag", TAG, {"id": retail, "name": "零售"}, by=admin)
    assert renamed["tag"]["name"] == "零售"
    document = "query($named: String!) { customers(filter: {tags: {eq: $named}}) { nodes { id tags version } } }"
    nodes = (await client.query(document, {"named": "零售"}, by=seller)).data["customers"]["nodes"]
    assert nodes == [{"id": theirs["id"], "tags": ["零售"], "version": 1}]
    assert (await client.query(document, {"named": "Retail"}, by=seller)).data["customers"]["nodes"] == []
    taken = await client.mutate("updateTag", TAG, {"id": retail, "name": "TRADE"}, by=admin)
    assert codes(taken) == ["TAG_NAME_TAKEN"]


async def test_one_of_a_group_with_a_single_choice(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    made = await group(client, admin, choice="SINGLE", tags=[{"name": "大"}, {"name": "小"}])
    large, small = (tag["id"] for tag in made["tags"]["nodes"])
    theirs = await customer(client, seller)
    await add(client, seller, theirs["id"], tagIds=[large])
    assert codes(await add(client, seller, theirs["id"], tagIds=[small])) == ["TAG_GROUP_SINGLE"]
    bare = await client.mutate("removeTags", TAGGED, {"id": theirs["id"], "tagIds": [large]}, by=seller)
    assert bare["customer"]["tags"] == []
    stale = await add(client, seller, theirs["id"], tagIds=[small], expectedVersion=1)
    assert codes(stale) == ["VERSION_CONFLICT"]
    assert (await add(client, seller, theirs["id"], tagIds=[small]))["customer"]["tags"] == ["小"]
    await client.mutate("updateTag", TAG, {"id": large, "archived": True}, by=admin)
    assert codes(await add(client, seller, theirs["id"], tagIds=[large])) == ["TAG_NOT_FOUND"]
    assert codes(await add(client, seller, theirs["id"], tagIds=["tag_none"])) == ["TAG_NOT_FOUND"]


async def test_two_tags_become_one(
    client: SubgraphClient, admin: Actor, mongo: Mongo, transactions: Transactions[CustomersWork], clock: ManualClock
) -> None:
    made = await group(client, admin, tags=[{"name": "VIP"}, {"name": "贵宾"}, {"name": "重要"}])
    vip, guest, key = (tag["id"] for tag in made["tags"]["nodes"])
    one = await customer(client, admin, tags=["VIP"])
    both = await customer(client, admin, tags=["贵宾", "VIP"])
    rule = {"tagIds": {"in": [vip]}}
    segment = await client.mutate("createSegment", "segment { id rule }", {"name": "VIPs", "rule": rule}, by=admin)
    merged = await client.mutate("mergeTags", TAG, {"id": vip, "intoId": guest}, by=admin)
    assert merged["tag"]["id"] == guest
    merged = await client.mutate("mergeTags", TAG, {"id": guest, "intoId": key}, by=admin)
    assert merged["tag"]["name"] == "重要"
    read = partial(client.query, "query($id: ID!) { customer(id: $id) { tags tagLinks { tagId } } }", by=admin)
    assert [(await read({"id": each["id"]})).data["customer"]["tags"] for each in (one, both)] == [["重要"], ["重要"]]
    rules = EvaluationService(transactions, mongo.database, clock)
    while await rules.step():
        pass
    await rules.step()
    for each in (one, both):
        assert (await read({"id": each["id"]})).data["customer"]["tagLinks"] == [{"tagId": key}]
    asked = {"id": segment["segment"]["id"]}
    found = await client.query("query($id: ID!) { segment(id: $id) { rule } }", asked, by=admin)
    assert found.data["segment"]["rule"] == {"tagIds": {"in": [key]}}
    assert codes(await client.mutate("mergeTags", TAG, {"id": key, "intoId": key}, by=admin)) == ["INVALID_TAG_MERGE"]
    assert (await client.query("{ tags { totalCount } }", by=admin)).data["tags"]["totalCount"] == 1


async def test_who_may_say_which_tags_there_are(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    marketing = Actor("usr_marketing", "MARKETING", "ses_7")
    made = await group(client, marketing, tags=[{"name": "One"}])
    spend = {"rule": {"spend": {"currency": "CNY", "gte": "1"}}, "groupId": made["id"], "name": "Rich"}
    assert codes(await client.mutate("createTag", TAG, spend, by=marketing)) == ["FORBIDDEN_FIELD"]
    assert codes(await client.mutate("createTag", TAG, spend, by=admin)) == []
    assert codes(await client.mutate("createTagGroup", GROUP, {"name": "X"}, by=seller)) == ["FORBIDDEN"]
    kept = await client.mutate("updateTag", TAG, {"id": made["tags"]["nodes"][0]["id"], "name": "Two"}, by=seller)
    assert codes(kept) == ["FORBIDDEN"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"tags": [{"name": " "}]}, "INVALID_TEXT"),
        ({"tags": [{"name": "One", "colour": "blue"}]}, "INVALID_COLOUR"),
        ({"tags": [{"name": "One"}, {"name": "one"}]}, "TAG_NAME_TAKEN"),
        ({"tags": [{"name": "One", "rule": {"tier": {"eq": "GOLD"}}}]}, "INVALID_RULE"),
        ({"tags": [{"name": "One", "rule": {}}]}, "INVALID_RULE"),
        ({"choice": "SINGLE", "tags": [{"name": "One", "rule": {"orderCount": {"gt": 1}}}]}, "TAG_FOLLOWS_RULE"),
    ],
)
async def test_bad_groups_are_refused_whole(
    client: SubgraphClient, admin: Actor, mongo: Mongo, given: dict[str, Any], code: str
) -> None:
    refused = await client.mutate("createTagGroup", GROUP, {"name": "Worth", **given}, by=admin)
    assert codes(refused) == [code]
    assert await mongo.database["tag_groups"].count_documents({}) == 0


async def test_tags_of_any_number_of_customers_cost_the_same(client: SubgraphClient, admin: Actor) -> None:
    made = await group(client, admin, open=True, tags=[{"name": "0"}])
    document = """{ customers { nodes { tags tagLinks { tag { name group { name } } } } }
        tagGroups { nodes { tags { nodes { name } totalCount } } } }"""
    await client.query(document, by=admin)  # what a process looks up once
    calls = []
    for number in range(3):
        await client.mutate("createTag", TAG, {"groupId": made["id"], "name": f"n{number}"}, by=admin)
        await customer(client, admin, tags=[f"n{each}" for each in range(number + 1)])
        before = commands()
        assert (await client.query(document, by=admin)).codes == []
        calls.append(commands() - before)
    assert len(set(calls)) == 1, calls
