"""Lifecycles as clients meet them: moves, time in stages, milestones, and what facts do by themselves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.app import pipeline_service
from rapport_customers.customers.model import CustomerStage
from rapport_customers.handling.errors import InvalidMoves
from rapport_customers.handling.model import Handling
from rapport_customers.lifecycle.repository import StayRepository
from rapport_customers.schema import build_schema
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
WAY = """id stage stageSince lifecycle {
  stays { stage previous enteredAt leftAt seconds byId via reason by { id } } milestones { kind at } }"""
TOTAL = {"amount": "10", "currency": "CNY"}


@pytest.fixture(autouse=True)
async def standard(mongo: Mongo, clock: ManualClock) -> None:
    await pipeline_service(mongo, clock).ensure_standard()


async def customer(client: SubgraphClient, by: Actor, **given: Any) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "张三", **given}, by=by)
    return str(made["customer"]["id"])


async def move(client: SubgraphClient, by: Actor, identifier: str, stage: str, **given: Any) -> list[str]:
    changes = {"id": identifier, "stage": stage, **given}
    return [
        error["code"]
        for error in (await client.mutate("updateCustomer", "customer { id }", changes, by=by))["userErrors"]
    ]


async def way(client: SubgraphClient, by: Actor, identifier: str) -> Any:
    answer = await client.query(f"query($id: ID!) {{ customer(id: $id) {{ {WAY} }} }}", {"id": identifier}, by=by)
    return answer.data["customer"]


async def order(client: SubgraphClient, by: Actor, customer_id: str, number: str) -> None:
    made = await client.mutate(
        "createOrder", "order { id }", {"customerId": customer_id, "number": number, "total": TOTAL}, by=by
    )
    assert made["userErrors"] == []


async def test_a_move_is_stamped_and_its_stay_is_timed(
    client: SubgraphClient, clock: ManualClock, seller: Actor
) -> None:
    identifier = await customer(client, seller)
    clock.advance(timedelta(days=2))
    assert await move(client, seller, identifier, "OPPORTUNITY", reason="展会") == []
    found = await way(client, seller, identifier)
    assert found["stageSince"] == "2026-03-03T09:00:00.000Z"
    first, second = found["lifecycle"]["stays"]
    assert (first["stage"], first["previous"], first["seconds"]) == ("LEAD", None, 2 * 86400)
    assert first["leftAt"] == second["enteredAt"] == "2026-03-03T09:00:00.000Z"
    assert (second["stage"], second["previous"], second["reason"]) == ("OPPORTUNITY", "LEAD", "展会")
    assert (second["byId"], second["via"], second["by"]) == (seller.id, "USER", {"id": seller.id})
    assert second["leftAt"] is None


async def test_other_moves_are_refused_until_they_are_allowed(
    client: SubgraphClient, admin: Actor, seller: Actor, mongo: Mongo
) -> None:
    identifier = await customer(client, seller)
    assert await move(client, seller, identifier, "CHURN_RISK") == ["STAGE_MOVE_NOT_ALLOWED"]
    assert await mongo.database["stage_stays"].count_documents({}) == 1
    moves = [{"from": "LEAD", "to": "CHURN_RISK"}]
    refused = await client.mutate("updateCustomerHandling", "handling { version }", {"moves": moves}, by=seller)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]
    itself = {"moves": [{"from": "LEAD", "to": "LEAD"}]}
    wrong = await client.mutate("updateCustomerHandling", "handling { version }", itself, by=admin)
    assert [error["code"] for error in wrong["userErrors"]] == ["INVALID_STAGE_MOVES"]
    selection = "handling { version moves { from to } }"
    done = await client.mutate("updateCustomerHandling", selection, {"moves": moves, "expectedVersion": 0}, by=admin)
    assert done["handling"] == {"version": 1, "moves": moves}
    stale = await client.mutate("updateCustomerHandling", selection, {"moves": [], "expectedVersion": 0}, by=admin)
    assert [error["code"] for error in stale["userErrors"]] == ["VERSION_CONFLICT"]
    assert await move(client, seller, identifier, "CHURN_RISK") == []
    assert await move(client, seller, identifier, "LOST") == ["STAGE_MOVE_NOT_ALLOWED"]


async def test_orders_and_deals_move_customers_by_themselves(
    client: SubgraphClient, clock: ManualClock, seller: Actor, mongo: Mongo
) -> None:
    identifier = await customer(client, seller)
    deal = await client.mutate("createDeal", "deal { id }", {"customerId": identifier, "name": "授权"}, by=seller)
    for stage in ("PROPOSAL", "WON"):
        clock.advance(timedelta(hours=1))
        moved = await client.mutate("moveDeal", "deal { id }", {"id": deal["deal"]["id"], "stage": stage}, by=seller)
        assert moved["userErrors"] == []
    for number in ("1", "2", "3"):
        clock.advance(timedelta(days=1))
        await order(client, seller, identifier, number)
    assert await move(client, seller, identifier, "ADVOCATE") == []
    found = (await way(client, seller, identifier))["lifecycle"]
    assert [(stay["stage"], stay["byId"], stay["via"], stay["by"] is None) for stay in found["stays"]] == [
        ("LEAD", seller.id, "USER", False),
        ("CUSTOMER", "rule_deals", "RULE", True),
        ("REPEAT", "rule_orders", "RULE", True),
        ("ADVOCATE", seller.id, "USER", False),
    ]
    assert [(each["kind"], each["at"]) for each in found["milestones"]] == [
        ("QUOTE_FEEDBACK", "2026-03-01T11:00:00.000Z"),
        ("DEAL_WON", "2026-03-01T11:00:00.000Z"),
        ("FIRST_ORDER", "2026-03-02T11:00:00.000Z"),
        ("REPURCHASE", "2026-03-03T11:00:00.000Z"),
        ("REFERRAL", "2026-03-04T11:00:00.000Z"),
    ]
    entries = mongo.database["customer_history"].find({"via": "RULE"})
    assert [entry["actor"] async for entry in entries] == ["rule_deals", "rule_orders"]


async def test_communications_are_milestones_for_who_may_read_them(
    client: SubgraphClient, clock: ManualClock, seller: Actor, mongo: Mongo
) -> None:
    identifier = await customer(client, seller)
    told = [
        {
            "_id": f"int_{days}",
            "customer_id": identifier,
            "occurred_at": clock() + timedelta(days=days),
            "deleted": gone,
        }
        for days, gone in ((0, True), (1, False), (2, False), (4, False), (5, False))
    ]
    await mongo.database["interaction_touches"].insert_many(told)
    clock.advance(timedelta(days=3))
    await order(client, seller, identifier, "1")
    found = (await way(client, seller, identifier))["lifecycle"]["milestones"]
    assert [(each["kind"], each["at"][:10]) for each in found] == [
        ("FIRST_CONTACT", "2026-03-02"),
        ("FIRST_ORDER", "2026-03-04"),
        ("AFTER_SALES", "2026-03-05"),
    ]
    seen = await way(client, Actor("usr_marketing", "MARKETING", "ses_9"), identifier)
    assert [each["kind"] for each in seen["lifecycle"]["milestones"]] == ["FIRST_ORDER"]


async def test_facts_move_nobody_where_that_is_switched_off(
    client: SubgraphClient, admin: Actor, seller: Actor
) -> None:
    await client.mutate("updateCustomerHandling", "handling { version }", {"followsFacts": False}, by=admin)
    identifier = await customer(client, seller)
    await order(client, seller, identifier, "1")
    assert (await way(client, seller, identifier))["stage"] == "LEAD"


async def test_milestones_tell_nothing_of_what_may_not_be_read(
    client: SubgraphClient, seller: Actor, clock: ManualClock
) -> None:
    identifier = await customer(client, seller)
    deal = await client.mutate("createDeal", "deal { id }", {"customerId": identifier, "name": "授权"}, by=seller)
    await client.mutate("moveDeal", "deal { id }", {"id": deal["deal"]["id"], "stage": "WON"}, by=seller)
    for number in ("1", "2"):
        clock.advance(timedelta(days=1))
        await order(client, seller, identifier, number)
    found = await way(client, Actor("usr_marketing", "MARKETING", "ses_9"), identifier)
    assert [each["kind"] for each in found["lifecycle"]["milestones"]] == ["FIRST_ORDER"]


async def test_time_in_stage_is_asked_by(client: SubgraphClient, clock: ManualClock, seller: Actor) -> None:
    old = await customer(client, seller)
    clock.advance(timedelta(days=10))
    young = await customer(client, seller)
    document = """query($filter: CustomerFilter, $order: [CustomerOrder!]) {
      customers(filter: $filter, orderBy: $order) { nodes { id } } }"""
    stuck = {"filter": {"stage": {"eq": "LEAD"}, "stageSince": {"lt": "2026-03-05T00:00:00Z"}}}
    found = (await client.query(document, stuck, by=seller)).data["customers"]["nodes"]
    assert [node["id"] for node in found] == [old]
    sorting = {"order": [{"field": "STAGE_SINCE", "direction": "DESC"}]}
    found = (await client.query(document, sorting, by=seller)).data["customers"]["nodes"]
    assert [node["id"] for node in found] == [young, old]


async def test_durations_are_reported_of_what_is_within_reach(
    client: SubgraphClient, clock: ManualClock, admin: Actor, seller: Actor
) -> None:
    ours = [await customer(client, seller), await customer(client, seller)]
    theirs = await customer(client, admin)
    for days, identifier, by in ((1, ours[0], seller), (2, ours[1], seller), (3, theirs, admin)):
        clock.advance(timedelta(days=days))
        assert await move(client, by, identifier, "OPPORTUNITY") == []
    document = "{ stageDurations { stage customers left shortestSeconds meanSeconds longestSeconds } }"
    for by, count, mean, longest in ((seller, 2, 2, 3), (admin, 3, 10 / 3, 6)):
        answer = {row["stage"]: row for row in (await client.query(document, by=by)).data["stageDurations"]}
        assert (answer["LEAD"]["customers"], answer["LEAD"]["left"]) == (0, count)
        assert answer["OPPORTUNITY"]["customers"] == count
        assert (answer["LEAD"]["meanSeconds"], answer["LEAD"]["longestSeconds"]) == (mean * 86400, longest * 86400)
        assert answer["LEAD"]["shortestSeconds"] == 86400
        assert answer["LOST"]["meanSeconds"] is None
    refused = await client.query(document, by=Actor("usr_x", "NOBODY", "ses_9"))
    assert refused.codes == ["FORBIDDEN"]


async def test_lifecycles_of_a_page_cost_the_same_whatever_its_size(client: SubgraphClient, seller: Actor) -> None:
    counts = []
    for size in (1, 4):
        for number in range(size):
            await order(client, seller, await customer(client, seller), f"{size}-{number}")
        before = commands()
        document = f"{{ customers(first: {size}) {{ nodes {{ {WAY} }} }} }}"
        assert len((await client.query(document, by=seller)).data["customers"]["nodes"]) == size
        counts.append(commands() - before)
    assert counts[0] == counts[1]


async def test_customers_of_an_earlier_release_get_their_stays(
    client: SubgraphClient, clock: ManualClock, seller: Actor, mongo: Mongo
) -> None:
    identifier = await customer(client, seller)
    clock.advance(timedelta(days=1))
    assert await move(client, seller, identifier, "OPPORTUNITY") == []
    await mongo.database["stage_stays"].delete_many({})
    await mongo.database["customers"].update_many({}, {"$unset": {"stage_since": "", "priority": ""}})
    assert [await StayRepository(mongo.database).fill() for _ in range(2)] == [1, 0]
    found = await way(client, seller, identifier)
    assert found["stageSince"] == found["lifecycle"]["stays"][0]["enteredAt"] == "2026-03-02T09:00:00.000Z"
    clock.advance(timedelta(days=1))
    assert await move(client, seller, identifier, "CUSTOMER") == []
    assert [stay["seconds"] for stay in (await way(client, seller, identifier))["lifecycle"]["stays"]] == [86400, None]


def test_moves_are_never_more_than_the_schema_says() -> None:
    pairs = [(stage, after) for stage in CustomerStage for after in CustomerStage]
    handling = Handling(id="customers")
    with pytest.raises(InvalidMoves):
        handling.update({"moves": pairs}, now=NOW)
    handling.update({"moves": [pair for pair in pairs * 2 if len({*pair}) == 2]}, now=NOW)
    assert f"moves: [StageMove!]! @listSize(assumedSize: {len(handling.moves)})" in build_schema().as_str()
