"""Exports: every customer once, no field that is hidden, nothing a spreadsheet would run, and all of it on record."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from access_rows import role_row, user_row
from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.app import INDEXES
from rapport_customers.exports.schema import OLDEST_FIRST
from rapport_customers.exports.table import harmless
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo

PART = "exportId columns content rows cursor"
CAREFUL = Actor("usr_careful", "CAREFUL", "ses_9")


async def make(client: SubgraphClient, by: Actor, **given: Any) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", **given}, by=by)
    assert made["userErrors"] == []
    return str(made["customer"]["id"])


async def export(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    part = await client.mutate("exportCustomers", PART, given, by=by)
    assert part["userErrors"] == []
    return part


def table(content: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content, newline="")))


async def test_whoever_was_there_all_along_comes_once_while_others_write(
    client: SubgraphClient, mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    there = []
    for number in range(9):
        there.append(await make(client, admin, name=f"顾客{number}", tags=["VIP", "老友"]))
        clock.advance(timedelta(seconds=number % 2))
    part = await export(client, admin, first=2)
    content, rows, export_id = part["content"], part["rows"], part["exportId"]
    costs = set()
    while part["cursor"]:
        clock.advance(timedelta(seconds=1))
        await make(client, admin, name="新")
        await client.mutate("updateCustomer", "customer { id }", {"id": there[rows % 9], "name": "改"}, by=admin)
        before = commands()
        part = await export(client, admin, first=4, after=part["cursor"], columns=part["columns"])
        content, rows = content + part["content"], rows + part["rows"]
        costs.add(commands() - before)
        assert part["exportId"] == export_id
    assert max(costs) == 3, "customers, the names of their tags, and the entry of the audit log"
    found = table(content)
    assert len(found) == rows
    assert [row["id"] for row in found if row["id"] in there] == there
    assert (found[0]["tags"], found[0]["createdAt"]) == ("VIP; 老友", "2026-03-01T09:00:00.000Z")
    noted = await mongo.database["audit"].find({"action": "customers.customer.exported"}).to_list(None)
    assert {(row["record"], row["type"], row["actor"]) for row in noted} == {(export_id, "customer", "usr_admin")}
    assert sum(row["rows"] for row in noted) == rows


def test_the_walk_is_on_an_index() -> None:
    walked = ["deleted", *(order.field for order in OLDEST_FIRST)]
    assert walked in [[name for name, _ in index.keys] for index in INDEXES if index.collection == "customers"]


async def test_what_was_asked_is_given_and_noted(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    defined = {"appliesTo": "Customer", "key": "level", "label": "L", "type": "NUMBER"}
    await client.mutate("defineCustomField", "customField { id }", defined, by=admin)
    one = await make(
        client, admin, name="=1+1", phone="13800001111", tags=["VIP"], custom=[{"key": "level", "value": 3}]
    )
    await make(client, admin, name="李四", tags=["别人"], custom=[{"key": "level", "value": 4}])
    asked = {"tags": {"eq": "VIP"}, "custom": [{"key": "level", "lt": 4}]}
    columns = ["id", "name", "phone", "tags", "custom.level"]
    part = await export(client, admin, filter=asked, columns=columns)
    assert part["content"] == f"id,name,phone,tags,custom.level\r\n{one},'=1+1,+8613800001111,VIP,3\r\n"
    lines = (await export(client, admin, filter=asked, columns=columns, format="NDJSON"))["content"]
    assert [json.loads(line) for line in lines.splitlines()] == [
        {"id": one, "name": "=1+1", "phone": "+8613800001111", "tags": ["VIP"], "custom.level": 3}
    ]
    found = (await export(client, admin, search="李四"))["content"]
    assert [row["name"] for row in table(found)] == ["李四"]
    noted = await mongo.database["audit"].find({"action": "customers.customer.exported"}).to_list(None)
    assert [row["rows"] for row in noted] == [1, 1, 1]
    assert "VIP" not in str(noted)
    assert "李四" not in str(noted)


async def test_no_more_than_one_may_take_away(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    grants = {"Customer": {"READ": "ALL", "EXPORT": "OWN"}}
    role = role_row("CAREFUL", grants, {"Customer": {"phone": "MASK"}})
    await mongo.database["access"].insert_many([role, user_row("usr_careful", "CAREFUL")])
    own = await make(client, admin, name="张三", phone="13800001111", ownerId=None)
    await mongo.database["customers"].update_one({"_id": own}, {"$set": {"owner_id": "usr_careful"}})
    await make(client, admin, name="李四")
    part = await export(client, CAREFUL)
    assert [row["id"] for row in table(part["content"])] == [own]
    assert "phone" not in part["columns"]
    assert "13800001111" not in part["content"]
    hidden: list[dict[str, Any]] = [{"columns": ["phone"]}, {"filter": {"phone": {"isNull": False}}}]
    for given in hidden:
        refused = await client.mutate("exportCustomers", PART, given, by=CAREFUL)
        assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN_FIELD"]
        assert refused["content"] == ""
    document = "mutation($input: ExportCustomersInput!) { exportCustomers(input: $input) { rows } }"
    assert (await client.query(document, {"input": {}}, by=seller)).codes == ["FORBIDDEN"]
    wrong: list[dict[str, Any]] = [
        {"first": 501},
        {"first": 0},
        {"after": "x"},
        {"columns": ["nothing"]},
        {"columns": []},
    ]
    for given in wrong:
        assert (await client.query(document, {"input": given}, by=admin)).codes == ["BAD_USER_INPUT"]
    assert await mongo.database["audit"].count_documents({"action": "customers.customer.exported"}) == 1


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1+1", "'＝1+1"),
        ("+8613812345678", "+8613812345678"),
        ("-12.5", "-12.5"),
        ("张三 = 李四", "张三 = 李四"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, safe: str) -> None:
    assert harmless(text) == safe
