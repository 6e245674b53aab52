"""Imports: what becomes of rows, that they are taken once whatever happens, and that they can be undone."""

import asyncio
import sys
from pathlib import Path
from typing import Any

from database_calls import commands
from subgraph_client import SubgraphClient

from rapport_customers.settings import Settings
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

IMPORT = (
    "customerImport { id status nextRow created updated skipped failed reverted conflicts rows { row code column } }"
)
COLUMNS = ["no", "first", "last", "mail", "phone", "stage", "tags"]
MAPPING = [
    {"field": "externalId", "columns": ["no"]},
    {"field": "name", "columns": ["last", "first"]},
    {"field": "email", "columns": ["mail"]},
    {"field": "phone", "columns": ["phone"]},
    {"field": "stage", "columns": ["stage"], "values": [{"given": "客户", "means": "CUSTOMER"}]},
    {"field": "source", "constant": "erp"},
]
CUSTOMERS = (
    "{ customers(first: 100, orderBy: [{field: NAME}]) { nodes { externalId name email stage source version } } }"
)


def row(no: str, last: str, mail: str = "", phone: str = "", stage: str = "") -> list[str | None]:
    return [no, "", last, mail, phone, stage, None]


async def begin(client: SubgraphClient, by: Actor, **given: Any) -> str:
    made = await client.mutate(
        "createCustomerImport", IMPORT, {"name": "t", "columns": COLUMNS, "mapping": MAPPING, **given}, by=by
    )
    assert made["userErrors"] == []
    return str(made["customerImport"]["id"])


async def add(client: SubgraphClient, by: Actor, identifier: str, first: int, rows: list[Any]) -> Any:
    given = {"importId": identifier, "firstRow": first, "rows": rows}
    return await client.mutate("addCustomerImportRows", IMPORT, given, by=by)


def counts(answer: Any) -> tuple[int, int, int, int]:
    of = answer["customerImport"]
    assert sum(of[name] for name in ("created", "updated", "skipped", "failed")) == of["nextRow"] - 1
    return of["created"], of["updated"], of["skipped"], of["failed"]


def codes(answer: Any) -> list[str]:
    return [error["code"] for error in answer["userErrors"]]


async def customers(client: SubgraphClient, by: Actor) -> Any:
    return (await client.query(CUSTOMERS, by=by)).data["customers"]["nodes"]


ROWS = [
    row("1", "王一", "one@example.com", stage="客户"),
    row("2", "王二", "not a mail address"),
    row("1", "王壹", "one@example.com"),
    row("", "王三"),
    row("4", "王四", phone="123"),
    row("5", "王五", phone="138 1234 5678"),
    row("1", "王壹"),
]


async def test_rows_become_customers_by_the_rules_of_creating_them(client: SubgraphClient, admin: Actor) -> None:
    tried = await begin(client, admin, dryRun=True)
    planned = await add(client, admin, tried, 1, ROWS)
    assert counts(planned) == (2, 1, 1, 3)
    assert await customers(client, admin) == []
    identifier = await begin(client, admin)
    taken = await add(client, admin, identifier, 1, ROWS)
    assert counts(taken) == (2, 1, 1, 3)
    assert taken["customerImport"]["rows"] == [
        {"row": 2, "code": "INVALID_EMAIL", "column": "mail"},
        {"row": 4, "code": "MISSING_KEY", "column": "no"},
        {"row": 5, "code": "INVALID_PHONE", "column": "phone"},
    ]
    same = {"email": "one@example.com", "stage": "CUSTOMER", "source": "erp", "version": 2}
    found = await customers(client, admin)
    assert found[-1] | {"externalId": "1", "name": "王壹", **same} == found[-1]
    assert counts(await add(client, admin, identifier, 1, ROWS)) == (2, 1, 1, 3)  # the same rows again
    more = await add(client, admin, identifier, 6, [*ROWS[5:], row("8", "王八")])
    assert counts(more) == (3, 1, 1, 3)
    nameless = await add(client, admin, identifier, 9, [row("9", "")])
    assert nameless["customerImport"]["rows"][-1] == {"row": 9, "code": "INVALID_NAME", "column": "last"}
    assert codes(await add(client, admin, identifier, 20, ROWS)) == ["ROWS_MISSING"]
    ended = await client.mutate("finishCustomerImport", IMPORT, {"importId": identifier}, by=admin)
    assert ended["customerImport"]["status"] == "FINISHED"
    assert codes(await add(client, admin, identifier, 10, ROWS)) == ["IMPORT_NOT_OPEN"]


async def test_rows_have_what_is_required_and_values_of_custom_fields(client: SubgraphClient, admin: Actor) -> None:
    for key, of, rules in (
        ("size", "NUMBER", {"minimum": 1}),
        ("since", "DATE", {}),
        ("grades", "MULTI", {"options": [{"value": "A", "label": "一级"}, {"value": "B"}]}),
        ("budgetOf", "MONEY", {"required": True}),
    ):
        field = {"key": key, "type": of, "label": key, **rules}
        assert codes(await client.mutate("defineCustomField", "customField { id }", field, by=admin)) == []
    handling = {"requiredOfPersons": [["phone", "email"]]}
    assert codes(await client.mutate("updateCustomerHandling", "handling { version }", handling, by=admin)) == []
    columns = ["no", "name", "phone", "size", "since", "grades", "budgetOf"]
    fields = ["externalId", "name", "phone", *(f"custom.{key}" for key in columns[3:])]
    mapping = [{"field": field, "columns": [column]} for field, column in zip(fields, columns, strict=True)]
    identifier = await begin(client, admin, columns=columns, mapping=mapping)
    rows = [
        ["1", "王一", "13812345678", "1,250.5", "2026年2月3日", "B；一级", "CNY 1,234.50"],
        ["2", "王二", "", "7", "", "", "1 CNY"],
        ["3", "王三", "13812345679", "0", "", "", "1 CNY"],
        ["4", "王四", "13812345670", "7", "", "", ""],
        ["1", "王一", "13812345678", "9", "2026-02-03", "A;B", "1234.5 CNY"],
    ]
    taken = await add(client, admin, identifier, 1, rows)
    assert counts(taken) == (1, 1, 0, 3)
    assert taken["customerImport"]["rows"] == [
        {"row": 2, "code": "REQUIRED_FIELD_MISSING", "column": "phone"},
        {"row": 3, "code": "INVALID_CUSTOM_VALUE", "column": "size"},
        {"row": 4, "code": "REQUIRED_FIELD_MISSING", "column": "budgetOf"},
    ]
    query = "{ customers { nodes { name custom { key value } } } }"
    [node] = (await client.query(query, by=admin)).data["customers"]["nodes"]
    assert {value["key"]: value["value"] for value in node["custom"]} == {
        "size": 9,
        "since": "2026-02-03",
        "grades": ["A", "B"],
        "budgetOf": {"amount": "1234.50", "currency": "CNY"},
    }
    await client.mutate("finishCustomerImport", IMPORT, {"importId": identifier}, by=admin)
    undone = await client.mutate("revertCustomerImport", IMPORT, {"importId": identifier}, by=admin)
    assert (undone["customerImport"]["reverted"], undone["customerImport"]["conflicts"]) == (2, 0)


async def test_an_import_is_undone_but_for_what_was_changed_since(client: SubgraphClient, admin: Actor) -> None:
    old = {"kind": "PERSON", "name": "老王", "externalId": "9", "source": "web"}
    await client.mutate("createCustomer", "customer { id }", old, by=admin)
    identifier = await begin(client, admin)
    rows = [row("1", "王一"), row("9", "王九"), row("2", "王二"), row("9", "王玖", "nine@example.com")]
    assert counts(await add(client, admin, identifier, 1, rows)) == (2, 2, 0, 0)
    changed = 'query { customers(search: "王二") { nodes { id } } }'
    other = (await client.query(changed, by=admin)).data["customers"]["nodes"][0]["id"]
    await client.mutate("updateCustomer", "customer { id }", {"id": other, "name": "王贰"}, by=admin)
    await client.mutate("finishCustomerImport", IMPORT, {"importId": identifier}, by=admin)
    undone = await client.mutate("revertCustomerImport", IMPORT, {"importId": identifier}, by=admin)
    assert undone["customerImport"]["status"] == "REVERTED"
    assert (undone["customerImport"]["reverted"], undone["customerImport"]["conflicts"]) == (3, 1)
    left = {node["name"]: (node["email"], node["source"]) for node in await customers(client, admin)}
    assert left == {"王贰": (None, "erp"), "老王": (None, "web")}


async def test_a_value_that_is_taken_fails_its_own_row_only(client: SubgraphClient, admin: Actor) -> None:
    taken = {"kind": "PERSON", "name": "A", "externalId": "2", "email": "other@example.com"}
    await client.mutate("createCustomer", "customer { id }", taken, by=admin)
    identifier = await begin(client, admin, key="EMAIL")
    rows = [row(str(n), f"王{n}", f"{n}@example.com") for n in range(5)]
    answer = await add(client, admin, identifier, 1, rows)
    assert counts(answer) == (4, 0, 0, 1)
    assert answer["customerImport"]["rows"] == [{"row": 3, "code": "EXTERNAL_ID_TAKEN", "column": "no"}]


async def test_only_who_may_import_does_and_sees_own_imports(
    client: SubgraphClient, admin: Actor, seller: Actor
) -> None:
    given = {"name": "t", "columns": COLUMNS, "mapping": MAPPING}
    assert codes(await client.mutate("createCustomerImport", IMPORT, given, by=seller)) == ["FORBIDDEN"]
    identifier = await begin(client, admin)
    assert codes(await add(client, seller, identifier, 1, ROWS)) == ["FORBIDDEN"]
    query = "query($id: ID!) { customerImport(id: $id) { id } customerImports { nodes { id } } }"
    seen = (await client.query(query, {"id": identifier}, by=seller)).data
    assert seen == {"customerImport": None, "customerImports": None}
    seen = (await client.query(query, {"id": identifier}, by=admin)).data
    assert seen == {"customerImport": {"id": identifier}, "customerImports": {"nodes": [{"id": identifier}]}}
    unknown = {**given, "mapping": [*MAPPING, {"field": "version", "columns": ["no"]}]}
    assert codes(await client.mutate("createCustomerImport", IMPORT, unknown, by=admin)) == ["INVALID_MAPPING"]


async def test_a_killed_import_goes_on_where_it_was(
    client: SubgraphClient, mongo: Mongo, settings: Settings, admin: Actor, tmp_path: Path
) -> None:
    identifier, count = await begin(client, admin), 120
    script = tmp_path / "taking.py"
    script.write_text(_TAKING)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(script), settings.mongo_url, mongo.database.name, identifier, str(count)),
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    for _ in range(2):
        assert await process.stdout.readline()
    process.kill()  # in the middle of a batch, most likely
    await process.wait()
    query = "query($id: ID!) { customerImport(id: $id) { nextRow } }"
    known = (await client.query(query, {"id": identifier}, by=admin)).data["customerImport"]["nextRow"]
    assert 1 < known <= count
    rows = [row(str(n), f"王{n}") for n in range(1, count + 1)]
    answer = await add(client, admin, identifier, 1, rows)  # all of them: what was taken is passed over
    assert counts(answer) == (count, 0, 0, 0)
    assert await mongo.database["customers"].count_documents({}) == count
    via = {entry["via"] async for entry in mongo.database["audit"].find({"type": "customer"})}
    assert via == {"IMPORT"}


_TAKING = """
import asyncio, sys
from rapport_customers.app import customer_service
from rapport_customers.imports.repository import ImportRepository
from rapport_customers.imports.service import ImportService
from rapport_shared.actor import Actor
from rapport_shared.clock import system_clock
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.mongo import connect

async def main(url, database, identifier, count):
    mongo, admin = connect(url, database), Actor("usr_admin", "ADMIN", "ses_1")
    imports = ImportService(customer_service(mongo), ImportRepository(mongo.database), DEFAULT_POLICY, system_clock)
    for first in range(1, count + 1, 10):
        rows = [[str(n), "", f"王{n}", "", "", "", None] for n in range(first, first + 10)]
        await imports.take(identifier, first, rows, by=admin)
        print(first, flush=True)

asyncio.run(main(*sys.argv[1:4], int(sys.argv[4])))
"""


async def test_a_batch_costs_as_many_database_calls_as_one_row(
    client: SubgraphClient, mongo: Mongo, admin: Actor
) -> None:
    identifier = await begin(client, admin)
    costs = []
    for first, count in ((1, 1), (2, 20)):
        rows = [row(str(no), f"王{no}", f"{no}@example.com", "138 1234 5678") for no in range(first, first + count)]
        for again in (False, True):
            given = [[*each[:2], f"{each[2]}*" if again else each[2], *each[3:]] for each in rows]
            before = commands()
            taken = await add(client, admin, identifier, first + count * again + first - 1, given)
            costs.append(commands() - before)
            assert taken["userErrors"] == []
    assert counts(taken) == (21, 21, 0, 0)
    assert costs[0] + 1 == costs[2]  # since another customer has the phone number, there are some to be marked
    assert costs[1] == costs[3]
    assert await mongo.database["customers"].count_documents({"twins": True}) == 21
