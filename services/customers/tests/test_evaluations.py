"""What rules decide: tags, tiers and segments come and go by fact and by clock, once, whatever crashes."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.attention.repository import ATTENTION, AttentionRepository
from rapport_customers.evaluations.service import EvaluationService
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.events import decode
from rapport_shared.ids import derived_id
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

ACTIVE = {"name": "活跃客户", "rule": {"lastOrderAt": {"withinDays": 30}}}
WAKE = {"name": "待唤醒客户", "rule": {"lastInteractionAt": {"notForDays": 90}}}
LINKS = "tags tagLinks { tagId origin ruleVersion since } version"
Settle = Callable[[], Awaitable[None]]


@pytest.fixture
def rules(transactions: Transactions[CustomersWork], mongo: Mongo, clock: ManualClock) -> EvaluationService:
    return EvaluationService(transactions, mongo.database, clock)


@pytest.fixture
def settle(rules: EvaluationService, mongo: Mongo, clock: ManualClock) -> Settle:
    """Let a worker run until nothing is due."""

    async def until_done() -> None:
        while await rules.step() or await mongo.database[ATTENTION].count_documents({"due_at": {"$lte": clock()}}):
            pass

    return until_done


async def make(client: SubgraphClient, by: Actor, field: str, selection: str, **given: Any) -> Any:
    answer = await client.mutate(field, selection, given, by=by)
    assert answer["userErrors"] == []
    return answer[selection.partition(" ")[0]]


async def group(client: SubgraphClient, by: Actor, *tags: dict[str, Any]) -> dict[str, str]:
    """Ids by name."""
    made = await make(client, by, "createTagGroup", "tagGroup { id tags { nodes { id name } } }", name="A", tags=tags)
    return {tag["name"]: tag["id"] for tag in made["tags"]["nodes"]} | {"group": made["id"]}


async def customer(client: SubgraphClient, by: Actor, **given: Any) -> str:
    made = await make(client, by, "createCustomer", "customer { id }", kind="PERSON", name="李四", **given)
    return str(made["id"])


async def order(client: SubgraphClient, by: Actor, about: str, number: str, amount: str = "10", **given: Any) -> Any:
    total = {"amount": amount, "currency": "CNY"}
    return await make(
        client, by, "createOrder", "order { id }", customerId=about, number=number, total=total, lines=[], **given
    )


async def read(client: SubgraphClient, by: Actor, about: str, selection: str = LINKS) -> Any:
    answer = await client.query(f"query($id: ID!) {{ customer(id: $id) {{ {selection} }} }}", {"id": about}, by=by)
    return answer.data["customer"]


async def retagged(mongo: Mongo) -> int:
    """How many times anybody's tags changed."""
    return sum(event.changed == ("tags",) for event in await told(mongo, "customers.customer.updated"))


async def told(mongo: Mongo, name: str) -> list[Any]:
    """The events of this name, oldest first."""
    rows = await mongo.database["outbox"].find({"routing_key": f"{name}.v1"}).sort("_id", 1).to_list(None)
    return [decode(bytes(row["body"]))[1] for row in rows]


async def test_tags_come_and_go_by_fact_and_by_clock(
    client: SubgraphClient, admin: Actor, clock: ManualClock, settle: Settle, mongo: Mongo
) -> None:
    tags = await group(client, admin, ACTIVE, WAKE)
    about = await customer(client, admin, tags=["VIP"])
    await settle()
    assert (await read(client, admin, about))["tags"] == ["VIP"]
    await order(client, admin, about, "1")
    await settle()
    now = await read(client, admin, about)
    assert now["tags"] == ["VIP", "活跃客户"]
    link = {"tagId": tags["活跃客户"], "origin": "RULE", "ruleVersion": 1, "since": "2026-03-01T09:00:00.000Z"}
    assert now["tagLinks"][1] == link
    clock.advance(timedelta(days=30) - timedelta(milliseconds=1))
    await settle()
    assert (await read(client, admin, about))["tags"] == ["VIP", "活跃客户"]
    clock.advance(timedelta(milliseconds=1))
    await settle()
    assert (await read(client, admin, about))["tags"] == ["VIP"]
    clock.advance(timedelta(days=60))
    await settle()
    assert (await read(client, admin, about))["tags"] == ["VIP", "待唤醒客户"]
    history = await read(client, admin, about, "history { nodes { via byId changes { field } } }")
    ruled = [entry for entry in history["history"]["nodes"] if entry["changes"][0]["field"] == "ruleTags"]
    assert [(entry["via"], entry["byId"]) for entry in ruled] == [("RULE", "system")] * 3
    assert await retagged(mongo) == 3


async def test_a_tag_given_by_hand_is_never_taken_by_a_rule(
    client: SubgraphClient, admin: Actor, clock: ManualClock, settle: Settle
) -> None:
    tags = await group(client, admin, ACTIVE)
    active = tags["活跃客户"]
    about = await customer(client, admin)
    await order(client, admin, about, "1")
    await settle()
    by_rule = await client.mutate("removeTags", "customer { id }", {"id": about, "tagIds": [active]}, by=admin)
    assert [error["code"] for error in by_rule["userErrors"]] == ["TAG_FOLLOWS_RULE"]
    named = {"id": about, "tags": ["活跃客户", "VIP"]}  # a client that sends back what it has read
    await client.mutate("updateCustomer", "customer { id }", named, by=admin)
    assert [link["origin"] for link in (await read(client, admin, about))["tagLinks"]] == ["MANUAL", "RULE"]
    await client.mutate("addTags", "customer { id }", {"id": about, "tagIds": [active]}, by=admin)
    clock.advance(timedelta(days=31))
    await settle()
    links = (await read(client, admin, about))["tagLinks"]
    assert [link["origin"] for link in links] == ["MANUAL", "MANUAL"]
    await client.mutate("removeTags", "customer { id }", {"id": about, "tagIds": [active]}, by=admin)
    assert (await read(client, admin, about))["tags"] == ["VIP"]


async def test_a_changed_rule_is_followed_and_its_version_said(
    client: SubgraphClient, admin: Actor, settle: Settle
) -> None:
    tags = await group(client, admin, {"name": "Often", "rule": {"orderCount": {"gte": 1}}})
    one, two = await customer(client, admin), await customer(client, admin)
    for number, about in enumerate((one, two, two)):
        await order(client, admin, about, str(number))
    await settle()
    change = {"id": tags["Often"], "rule": {"orderCount": {"gte": 2}}}
    await client.mutate("updateTag", "tag { id }", change, by=admin)
    await settle()
    assert (await read(client, admin, one))["tags"] == []
    assert [link["ruleVersion"] for link in (await read(client, admin, two))["tagLinks"]] == [2]
    await client.mutate("updateTag", "tag { id }", {"id": tags["Often"], "rule": None}, by=admin)
    await settle()
    assert (await read(client, admin, two))["tags"] == []


async def test_segments_tell_who_enters_and_leaves(
    client: SubgraphClient, admin: Actor, seller: Actor, settle: Settle, mongo: Mongo
) -> None:
    rule = {"and": [{"stage": {"in": ["CUSTOMER", "LEAD"]}}, {"orderCount": {"gte": 1}}]}
    made = await make(client, admin, "createSegment", "segment { id }", name="Buyers", rule=rule)
    mine, others = await customer(client, seller), await customer(client, admin)
    for number, about in enumerate((mine, others)):
        await order(client, admin, about, str(number))
    await settle()
    members = "query($id: ID!) { segment(id: $id) { name members { totalCount nodes { id segments { name } } } } }"
    seen = (await client.query(members, {"id": made["id"]}, by=seller)).data["segment"]["members"]
    assert seen == {"totalCount": 1, "nodes": [{"id": mine, "segments": [{"name": "Buyers"}]}]}
    assert (await client.query(members, {"id": made["id"]}, by=admin)).data["segment"]["members"]["totalCount"] == 2
    await client.mutate("deleteCustomer", "customer { id }", {"id": others}, by=admin)
    await settle()
    await client.mutate("restoreCustomer", "customer { id }", {"id": others}, by=admin)
    await settle()
    await client.mutate("deleteSegment", "segment { id }", {"id": made["id"]}, by=admin)
    await settle()
    entered, left = await told(mongo, "customers.segment.entered"), await told(mongo, "customers.segment.left")
    assert sorted(event.customer_id for event in entered) == sorted([mine, others, others])
    assert sorted(event.customer_id for event in left) == sorted([mine, others, others])
    assert {event.membership_id for event in left} == {derived_id("mbr", made["id"], about) for about in (mine, others)}
    rows = (
        await mongo.database["outbox"]
        .find({"subject": derived_id("mbr", made["id"], others)})
        .sort("_id", 1)
        .to_list(None)
    )
    assert [(row["routing_key"].split(".")[2], row["version"]) for row in rows] == [
        ("entered", 1), ("left", 2), ("entered", 3), ("left", 4),
    ]  # fmt: skip


async def test_a_preview_is_what_the_segment_will_be(
    client: SubgraphClient, admin: Actor, seller: Actor, settle: Settle
) -> None:
    await group(client, admin, ACTIVE)
    mine, others = await customer(client, seller, tags=["VIP"]), await customer(client, admin)
    for number, about in enumerate((mine, others)):
        await order(client, admin, about, str(number), amount="20")
    await settle()
    document = """query($rule: CustomerRuleInput!) {
        segmentPreview(rule: $rule, first: 1) { totalCount nodes { id } pageInfo { hasNextPage } } }"""
    rule = {"spend": {"currency": "CNY", "gte": "20"}, "not": {"lastOrderAt": {"notForDays": 30}}}
    seen = (await client.query(document, {"rule": rule}, by=admin)).data["segmentPreview"]
    assert (seen["totalCount"], seen["pageInfo"]["hasNextPage"]) == (2, True)
    seen = (await client.query(document, {"rule": rule}, by=seller)).data["segmentPreview"]
    assert (seen["totalCount"], seen["nodes"]) == (1, [{"id": mine}])
    marketing = Actor("usr_marketing", "MARKETING", "ses_7")
    assert (await client.query(document, {"rule": rule}, by=marketing)).codes == ["FORBIDDEN_FIELD"]
    assert (await client.query(document, {"rule": {}}, by=admin)).codes == ["INVALID_RULE"]


async def test_tiers_change_with_the_figures(
    client: SubgraphClient, admin: Actor, settle: Settle, mongo: Mongo, clock: ManualClock
) -> None:
    gold = {"spend": {"currency": "CNY", "gte": "100"}, "daysBetweenOrders": {"lte": 30}}
    silver = {"averageOrder": {"currency": "CNY", "gte": "50"}}
    tiers = [{"key": "GOLD", "name": "黄金", "rule": gold}, {"key": "SILVER", "name": "白银", "rule": silver}]
    made = await make(client, admin, "setTiers", "tiers { version tiers { key } }", tiers=tiers)
    assert made == {"version": 1, "tiers": [{"key": "GOLD"}, {"key": "SILVER"}]}
    about = await customer(client, admin)
    await order(client, admin, about, "1", amount="60")
    await settle()
    assert (await read(client, admin, about, "tier"))["tier"] == "SILVER"
    clock.advance(timedelta(days=20))
    second = await order(client, admin, about, "2", amount="40")
    await settle()
    document = '{ customers(filter: {tier: {eq: "GOLD"}}) { nodes { id tier daysBetweenOrders } } }'
    nodes = (await client.query(document, by=admin)).data["customers"]["nodes"]
    assert nodes == [{"id": about, "tier": "GOLD", "daysBetweenOrders": 20}]
    await client.mutate("updateOrder", "order { id }", {"id": second["id"], "status": "REFUNDED"}, by=admin)
    await make(client, admin, "setTiers", "tiers { version }", tiers=tiers[:1])
    await settle()
    assert (await read(client, admin, about, "tier"))["tier"] is None
    events = await told(mongo, "customers.customer.tier_changed")
    assert [(event.from_tier, event.to_tier) for event in events] == [
        (None, "SILVER"), ("SILVER", "GOLD"), ("GOLD", None),
    ]  # fmt: skip
    figures = events[1].figures[0]
    assert (figures.currency, figures.orders, figures.spend, figures.average) == ("CNY", 2, 1_000_000, 500_000)
    assert (events[1].order_count, events[1].days_between_orders) == (2, 20)


async def test_an_erased_customer_is_nothing(
    client: SubgraphClient, admin: Actor, settle: Settle, mongo: Mongo
) -> None:
    await group(client, admin, {"name": "All", "rule": {"orderCount": {"gte": 0}}})
    await make(client, admin, "createSegment", "segment { id }", name="All", rule={"orderCount": {"gte": 0}})
    about = await customer(client, admin, tags=["VIP"])
    await settle()
    assert len(await told(mongo, "customers.segment.entered")) == 1
    await client.mutate("eraseSubject", "userErrors { code }", {"customerId": about}, by=admin)
    await settle()
    left = await mongo.database["customers"].find_one({"_id": about})
    assert left is not None
    assert (left["tag_ids"], left["segments"], left["tier"]) == ([], [], None)
    assert len(await told(mongo, "customers.segment.left")) == 1


async def test_rivals_and_crashes_change_nothing_twice(
    client: SubgraphClient,
    admin: Actor,
    mongo: Mongo,
    transactions: Transactions[CustomersWork],
    clock: ManualClock,
    settle: Settle,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await group(client, admin, ACTIVE)
    await make(client, admin, "createSegment", "segment { id }", name="A", rule={"orderCount": {"gte": 1}})
    about = [await customer(client, admin) for _ in range(6)]
    await settle()
    for number, each in enumerate(about):
        await order(client, admin, each, str(number))
    concluded = AttentionRepository.conclude
    failures = iter((True, True))

    async def crash(self: Any, *given: Any) -> None:
        await concluded(self, *given)
        if next(failures, False):
            raise asyncio.CancelledError  # as where the process is killed: the transaction is not committed

    monkeypatch.setattr(AttentionRepository, "conclude", crash)
    for _ in range(2):
        with pytest.raises(asyncio.CancelledError):
            await EvaluationService(transactions, mongo.database, clock).step()
    rivals = [EvaluationService(transactions, mongo.database, clock) for _ in range(3)]
    await asyncio.gather(*(rival.step() for rival in rivals))
    await settle()
    assert len(await told(mongo, "customers.segment.entered")) == 6
    assert await retagged(mongo) == 6
    rows = await mongo.database[ATTENTION].find({}).to_list(None)
    assert {row["due_at"] for row in rows} == {clock() + timedelta(days=30)}


async def test_nobody_is_looked_at_without_need(
    client: SubgraphClient, admin: Actor, settle: Settle, rules: EvaluationService, mongo: Mongo, clock: ManualClock
) -> None:
    await group(client, admin, ACTIVE)
    about = [await customer(client, admin) for _ in range(8)]
    await order(client, admin, about[0], "1")
    await settle()
    before = commands()
    await rules.step()
    idle = commands() - before
    assert idle == 2  # how far the sweep is, and who is due: nobody
    waiting = await mongo.database[ATTENTION].find({"due_at": {"$ne": None}}, {"_id": 1}).to_list(None)
    assert [each["_id"] for each in waiting] == about[:1]
    clock.advance(timedelta(days=30))
    plan = (
        await mongo.database[ATTENTION].find({"due_at": {"$lte": clock()}}).sort([("due_at", 1), ("_id", 1)]).explain()
    )
    assert "due_at_1" in str(plan)
    await settle()
    assert (await read(client, admin, about[0]))["tags"] == []


async def test_a_change_between_looking_and_keeping_is_looked_at_again(
    client: SubgraphClient, admin: Actor, rules: EvaluationService, mongo: Mongo, settle: Settle, monkeypatch: Any
) -> None:
    await group(client, admin, ACTIVE)
    about = await customer(client, admin)
    await settle()
    await client.mutate("updateCustomer", "customer { id }", {"id": about, "name": "王五"}, by=admin)
    postponed = AttentionRepository.postpone

    async def after_an_order(self: Any, *given: Any) -> None:
        monkeypatch.undo()
        await order(client, admin, about, "1")
        await postponed(self, *given)

    monkeypatch.setattr(AttentionRepository, "postpone", after_an_order)
    await rules.step()
    await settle()
    assert (await read(client, admin, about))["tags"] == ["活跃客户"]
