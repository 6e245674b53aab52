"""Assignment rules as clients meet them: who gets a new customer, in turn, and how one can tell why."""

import asyncio
from typing import Any

import pytest
from access_rows import role_row, team_row, user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.assignment.model import next_in_turn
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

RULES = "rules { version rules { key name rule userId teamId roles } }"
MADE = "customer { id ownerId assignedRule pooledAt }"
TEAM = "tem_north"
SELLERS = ("usr_a", "usr_b", "usr_c")
LEAD = role_row("LEAD", {"Customer": {"READ": "TEAM", "CREATE": "TEAM"}})


@pytest.fixture(autouse=True)
async def staff(mongo: Mongo, seller: Actor) -> None:
    members = [user_row(each, team_id=TEAM) for each in SELLERS]
    others = [
        user_row("usr_help", "SUPPORT", team_id=TEAM),
        user_row("usr_lead", "LEAD", team_id=TEAM),
        user_row("usr_gone", active=False, team_id=TEAM),
    ]
    await mongo.database["access"].insert_many([team_row(TEAM), LEAD, user_row(seller.id), *members, *others])


async def set_rules(client: SubgraphClient, by: Actor, *rules: dict[str, Any], **given: Any) -> Any:
    named = [{"name": each["key"], **each} for each in rules]
    return await client.mutate("setAssignmentRules", RULES, {"rules": named, **given}, by=by)


async def make(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    made = await client.mutate("createCustomer", MADE, {"kind": "PERSON", "name": "张三", **given}, by=by)
    assert made["userErrors"] == []
    return made["customer"]


async def owner(client: SubgraphClient, by: Actor, **given: Any) -> tuple[str | None, str | None]:
    made = await make(client, by, **given)
    return made["ownerId"], made["assignedRule"]


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["userErrors"]]


FAIR = {"key": "FAIR", "rule": {"source": {"eq": "展会"}}, "userId": "usr_a"}
CARS = {"key": "CARS", "rule": {"kind": {"eq": "COMPANY"}, "industry": {"eq": "汽车"}}}
NORTH = {"key": "NORTH", "teamId": TEAM}


async def test_the_first_rule_that_fits_decides(client: SubgraphClient, admin: Actor, mongo: Mongo) -> None:
    assert await owner(client, admin) == (admin.id, None)
    assert codes(await set_rules(client, admin, FAIR, CARS, NORTH)) == []
    assert await owner(client, admin, source="展会") == ("usr_a", "FAIR")
    pooled = await make(client, admin, kind="COMPANY", industry="汽车")
    assert (pooled["ownerId"], pooled["assignedRule"]) == (None, "CARS")
    assert pooled["pooledAt"] is not None
    assert [await owner(client, admin) for _ in range(4)] == [
        ("usr_a", "NORTH"),
        ("usr_b", "NORTH"),
        ("usr_c", "NORTH"),
        ("usr_a", "NORTH"),
    ]
    assert await owner(client, admin, ownerId="usr_c", source="展会") == ("usr_c", None)
    assert await owner(client, admin, ownerId=None) == (None, None)
    await mongo.database["access"].update_one({"_id": "usr_a"}, {"$set": {"active": False}})
    assert await owner(client, admin, source="展会") == ("usr_b", "NORTH")
    await mongo.database["access"].update_many({"team_id": TEAM}, {"$set": {"active": False}})
    assert await owner(client, admin) == (admin.id, None)


async def test_history_audit_log_and_event_name_the_rule(client: SubgraphClient, admin: Actor, mongo: Mongo) -> None:
    await set_rules(client, admin, FAIR)
    identifier = (await make(client, admin, source="展会"))["id"]
    told = "query($id: ID!) { customer(id: $id) { assignedRule history { nodes { byId changes { field after } } } } }"
    read = (await client.query(told, {"id": identifier}, by=admin)).data["customer"]
    entry = read["history"]["nodes"][0]
    assert read["assignedRule"] == "FAIR"
    assert entry["byId"] == admin.id
    assert {"field": "assignedRule", "after": "FAIR"} in entry["changes"]
    row = await mongo.database["audit"].find_one({"record": identifier, "via": "RULE"})
    assert row is not None
    assert (row["actor"], row["action"]) == ("rule_assignment_FAIR", "customers.customer.assigned")
    event = await mongo.database["outbox"].find_one({"routing_key": "customers.customer.created.v1"})
    assert event is not None
    assert b'"assignedRule":"FAIR"' in event["body"]


async def test_racing_creations_take_turns(client: SubgraphClient, admin: Actor) -> None:
    await set_rules(client, admin, NORTH)
    owners = await asyncio.gather(*(owner(client, admin) for _ in range(12)))
    assert sorted(owners) == sorted([(each, "NORTH") for each in SELLERS] * 4)


def test_a_turn_goes_on_when_somebody_leaves() -> None:
    assert next_in_turn(["a", "b", "c"], None, lambda _: True) == "a"
    assert next_in_turn(["a", "c"], "b", lambda _: True) == "c"
    assert next_in_turn(["a", "b", "c"], "c", lambda _: True) == "a"
    assert next_in_turn(["a", "b", "c"], "a", lambda each: each != "b") == "c"
    assert next_in_turn(["a"], "a", lambda _: False) is None


async def test_imports_follow_the_rules_and_trying_one_takes_no_turn(client: SubgraphClient, admin: Actor) -> None:
    await set_rules(client, admin, FAIR, NORTH)
    mapping = [{"field": name, "columns": [name]} for name in ("externalId", "name", "source")]
    rows = [["1", "王一", ""], ["2", "王二", "展会"], ["3", "王三", ""], ["4", "王四", ""]]
    given = {"name": "t", "columns": [each["field"] for each in mapping], "mapping": mapping}
    for dry_run in (True, False):
        begun = await client.mutate(
            "createCustomerImport", "customerImport { id }", {**given, "dryRun": dry_run}, by=admin
        )
        batch = {"importId": begun["customerImport"]["id"], "firstRow": 1, "rows": rows}
        taken = await client.mutate("addCustomerImportRows", "customerImport { created }", batch, by=admin)
        assert taken["customerImport"]["created"] == 4
    listed = "{ customers(orderBy: [{field: CREATED_AT}, {field: NAME}]) { nodes { externalId ownerId } } }"
    found = (await client.query(listed, by=admin)).data["customers"]["nodes"]
    assert {each["externalId"]: each["ownerId"] for each in found} == {
        "1": "usr_a",
        "2": "usr_a",
        "3": "usr_b",
        "4": "usr_c",
    }


async def test_nobody_makes_customers_out_of_their_reach(client: SubgraphClient, admin: Actor) -> None:
    await set_rules(client, admin, {"key": "POOL", "rule": {"source": {"eq": "x"}}}, FAIR, NORTH)
    mine = Actor("usr_b", "SALES", "ses_b", TEAM)
    assert await owner(client, mine, source="展会") == ("usr_b", "NORTH")
    assert await owner(client, mine, source="x") == ("usr_b", "NORTH")
    assert await owner(client, Actor("usr_seller", "SALES", "ses_s")) == ("usr_seller", None)
    assert (await owner(client, Actor("usr_lead", "LEAD", "ses_l", TEAM)))[1] == "NORTH"


@pytest.mark.parametrize(
    ("rule", "code"),
    [
        ({"key": "north"}, "INVALID_ASSIGNMENT"),
        ({"key": "X", "userId": "usr_a", "teamId": TEAM}, "INVALID_ASSIGNMENT"),
        ({"key": "X", "roles": []}, "INVALID_ASSIGNMENT"),
        ({"key": "X", "rule": {"ownerId": {"eq": "usr_a"}}}, "INVALID_ASSIGNMENT"),
        ({"key": "X", "rule": {"tagIds": {"eq": "tag_1"}}}, "INVALID_RULE"),
        ({"key": "X", "userId": "usr_gone"}, "ASSIGNEE_NOT_FOUND"),
    ],
)
async def test_bad_rules_change_nothing(client: SubgraphClient, admin: Actor, rule: Any, code: str) -> None:
    assert codes(await set_rules(client, admin, rule)) == [code]
    assert (await client.query(f"{{ assignmentR{RULES[1:]} }}", by=admin)).data["assignmentRules"]["rules"] == []


async def test_rules_are_for_managers_and_have_versions(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    assert codes(await set_rules(client, seller, NORTH)) == ["FORBIDDEN"]
    assert (await client.query("{ assignmentRules { version } }", by=seller)).codes == ["FORBIDDEN"]
    manager = Actor("usr_manager", "MANAGER", "ses_m")
    made = await set_rules(client, manager, FAIR)
    assert made["rules"] == {
        "version": 1,
        "rules": [{**FAIR, "name": "FAIR", "teamId": None, "roles": ["SALES"]}],
    }
    assert codes(await set_rules(client, admin, NORTH, expectedVersion=0)) == ["VERSION_CONFLICT"]


async def test_a_batch_reads_the_rules_once(client: SubgraphClient, admin: Actor) -> None:
    await make(client, admin)
    before = commands()
    await make(client, admin)
    plain = commands() - before
    await set_rules(client, admin, *[{**FAIR, "key": f"RULE_{number}"} for number in range(9)])
    before = commands()
    await make(client, admin)
    assert commands() - before == plain
