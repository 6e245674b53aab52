"""Custom fields as clients meet them: defined while the service runs, and in all that customers are."""

from typing import Any

import pytest
from subgraph_client import SubgraphClient

from rapport_customers.custom_fields.repository import CustomFieldRepository
from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

FIELD = "customField { id key type version sortReady deletedAt }"
VALUES = "custom { key label type value display text number date options reference money { amount currency } }"
FIND = """query($filter: CustomerFilter, $order: [CustomerOrder!], $first: Int, $after: String) {
    customers(filter: $filter, orderBy: $order, first: $first, after: $after) {
        nodes { name custom(keys: ["size"]) { value } } pageInfo { endCursor hasNextPage } totalCount } }"""
OPTIONS = [{"value": "A", "label": "一级"}, {"value": "B"}]


async def define(client: SubgraphClient, by: Actor, key: str, of: str, **rules: Any) -> Any:
    given = {"key": key, "type": of, "label": key.title(), **rules}
    return await client.mutate("defineCustomField", FIELD, given, by=by)


async def create(client: SubgraphClient, by: Actor, name: str = "李四", **custom: Any) -> Any:
    values = [{"key": key, "value": value} for key, value in custom.items()]
    given = {"kind": "PERSON", "name": name, "custom": values}
    return await client.mutate("createCustomer", f"customer {{ id version {VALUES} }}", given, by=by)


async def update(client: SubgraphClient, by: Actor, identifier: str, **custom: Any) -> Any:
    values = [{"key": key, "value": value} for key, value in custom.items()]
    return await client.mutate(
        "updateCustomer", f"customer {{ id version {VALUES} }}", {"id": identifier, "custom": values}, by=by
    )


async def found(client: SubgraphClient, by: Actor, *conditions: dict[str, Any], **asked: Any) -> Any:
    variables = {"filter": {"custom": list(conditions)} if conditions else None, **asked}
    answer = await client.query(FIND, variables, by=by)
    if answer.codes:
        return answer.codes
    return sorted(node["name"] for node in answer.data["customers"]["nodes"])


def codes(payload: Any) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["path"]) for error in payload["userErrors"]]


async def test_values_of_every_type_are_typed_json_and_text(client: SubgraphClient, admin: Actor) -> None:
    for key, of, rules in (
        ("note", "TEXT", {}),
        ("size", "NUMBER", {"minimum": 1}),
        ("since", "DATE", {}),
        ("grade", "SELECT", {"options": OPTIONS}),
        ("needs", "MULTI", {"options": OPTIONS}),
        ("keeper", "REFERENCE", {"references": "Customer"}),
        ("budget", "MONEY", {}),
    ):
        assert (await define(client, admin, key, of, **rules))["userErrors"] == []
    other = (await create(client, admin, "王五"))["customer"]
    money = {"amount": "1234.50", "currency": "CNY"}
    given: dict[str, Any] = {"note": "hello", "size": 12.5, "since": "2026-02-28", "grade": "A", "needs": ["B", "A"]}
    made = await create(client, admin, **given, keeper=other["id"], budget=money)
    assert made["userErrors"] == []
    values = {value["key"]: value for value in made["customer"]["custom"]}
    assert {key: value["value"] for key, value in values.items()} == {
        **given,
        "needs": ["A", "B"],
        "keeper": other["id"],
        "budget": money,
    }
    assert (values["note"]["text"], values["size"]["number"], values["since"]["date"]) == ("hello", 12.5, "2026-02-28")
    assert (values["grade"]["options"], values["grade"]["display"], values["needs"]["display"]) == (
        ["A"],
        "一级",
        "一级; B",
    )
    assert (values["budget"]["money"], values["budget"]["display"]) == (money, "1234.50 CNY")
    assert [value["value"] for value in other["custom"]] == [None] * 7


@pytest.mark.parametrize(
    ("of", "rules", "wrong"),
    [
        ("TEXT", {"maxLength": 3}, "hello"),
        ("TEXT", {"pattern": "[A-Z]{2}\\d+"}, "ab12"),
        ("TEXT", {}, 5),
        ("NUMBER", {"minimum": 2}, 1),
        ("NUMBER", {}, True),
        ("DATE", {"earliest": "2026-01-01"}, "2025-12-31"),
        ("DATE", {}, "2026-02-30"),
        ("SELECT", {"options": OPTIONS}, "C"),
        ("MULTI", {"options": OPTIONS}, ["A", "C"]),
        ("REFERENCE", {"references": "User"}, "cus_01kjmbqde0ewx9msbsthjn4fbx"),
        ("REFERENCE", {"references": "Customer"}, "cus_01kjmbqde0ewx9msbsthjn4fbx"),
        ("MONEY", {}, {"amount": "1.234", "currency": "CNY"}),
        ("MONEY", {"maximum": 5}, {"amount": "6", "currency": "CNY"}),
    ],
)
async def test_values_that_the_field_does_not_allow_are_refused(
    client: SubgraphClient, admin: Actor, of: str, rules: dict[str, Any], wrong: Any
) -> None:
    assert (await define(client, admin, "field", of, **rules))["userErrors"] == []
    refused = await create(client, admin, field=wrong)
    assert codes(refused) == [("INVALID_CUSTOM_VALUE", ["input", "custom", "field"])]
    assert await found(client, admin) == []


@pytest.mark.parametrize(
    ("of", "rules", "path"),
    [
        ("TEXT", {"pattern": "(a"}, "pattern"),
        ("TEXT", {"pattern": "(a)\\1"}, "pattern"),
        ("TEXT", {"minimum": 1}, "minimum"),
        ("TEXT", {"minLength": 5, "maxLength": 2}, "minLength"),
        ("NUMBER", {"key": "Not A Key"}, "key"),
        ("SELECT", {"options": []}, "options"),
        ("MULTI", {"options": OPTIONS, "sortable": True}, "sortable"),
        ("MONEY", {"unique": True}, "unique"),
        ("REFERENCE", {"references": "Team"}, "references"),
    ],
)
async def test_definitions_that_cannot_be_are_refused(
    client: SubgraphClient, admin: Actor, of: str, rules: dict[str, Any], path: str
) -> None:
    given = {"key": "field", **rules}
    refused = await define(client, admin, given.pop("key"), of, **given)
    assert codes(refused) == [("INVALID_CUSTOM_FIELD", ["input", path])]


async def test_unknown_keys_missing_and_taken_values_are_refused_by_name(client: SubgraphClient, admin: Actor) -> None:
    await define(client, admin, "taxNo", "TEXT", unique=True, required=True)
    await define(client, admin, "area", "TEXT", required=True)
    assert codes(await create(client, admin, alien=1)) == [("UNKNOWN_CUSTOM_FIELD", ["input", "custom", "alien"])]
    missing = [("REQUIRED_FIELD_MISSING", ["input", "custom", key]) for key in ("area", "taxNo")]
    assert codes(await create(client, admin)) == missing
    made = (await create(client, admin, taxNo="91", area="N"))["customer"]
    assert codes(await create(client, admin, taxNo="91", area="N")) == [
        ("CUSTOM_VALUE_TAKEN", ["input", "custom", "taxNo"])
    ]
    assert codes(await update(client, admin, made["id"], area=None)) == missing[:1]
    assert codes(await define(client, admin, "taxNo", "TEXT")) == [("CUSTOM_FIELD_KEY_TAKEN", ["input", "key"])]
    await client.mutate("deleteCustomer", "customer { id }", {"id": made["id"]}, by=admin)
    assert codes(await create(client, admin, taxNo="91", area="N")) == []


async def test_lists_are_filtered_by_custom_fields(client: SubgraphClient, admin: Actor) -> None:
    await define(client, admin, "size", "NUMBER")
    await define(client, admin, "note", "TEXT")
    await define(client, admin, "needs", "MULTI", options=OPTIONS)
    await define(client, admin, "budget", "MONEY")
    await create(client, admin, "a", size=5, note="Große Anlage in 上海浦东", needs=["A", "B"])
    await create(client, admin, "b", size=20, note="small", needs=["B"], budget={"amount": "9", "currency": "CNY"})
    await create(client, admin, "c", budget={"amount": "10.5", "currency": "CNY"})

    async def ask(**condition: Any) -> Any:
        return await found(client, admin, condition)

    assert await ask(key="size", eq=5) == ["a"]
    assert await ask(key="size", gt=5) == ["b"]
    assert await ask(key="size", gte=5, lt=20) == ["a"]
    assert await ask(key="size", **{"in": [5, 20, 99]}) == ["a", "b"]
    assert await ask(key="size", isNull=False) == ["a", "b"]
    assert await ask(key="note", contains="grosse an") == ["a"]
    assert await ask(key="note", contains="浦东") == ["a"]
    assert await ask(key="note", eq="small") == ["b"]
    assert await ask(key="needs", eq="B") == ["a", "b"]
    assert await ask(key="needs", eq=["A", "B"]) == ["a"]
    assert await ask(key="budget", gt={"amount": "9.5", "currency": "CNY"}) == ["c"]
    assert await ask(key="budget", gt={"amount": "0", "currency": "USD"}) == []
    assert await found(client, admin, {"key": "size", "gt": 1}, {"key": "needs", "eq": "A"}) == ["a"]
    assert await ask(key="note", gt="a") == ["QUERY_NEEDS_INDEX"]
    assert await ask(key="size", isNull=True) == ["QUERY_NEEDS_INDEX"]
    assert await ask(key="alien", eq=1) == ["UNKNOWN_CUSTOM_FIELD"]
    assert await ask(key="size", eq="x") == ["INVALID_CUSTOM_VALUE"]
    assert await ask(key="size") == ["BAD_USER_INPUT"]


async def test_lists_are_sorted_by_sortable_fields_once_their_index_is_there(
    client: SubgraphClient, admin: Actor, mongo: Mongo
) -> None:
    await define(client, admin, "size", "NUMBER", sortable=True)
    plain = (await define(client, admin, "budget", "MONEY"))["customField"]
    names = {"a": 3, "b": None, "c": 1, "d": 3, "e": None, "f": 2}
    for name, size in names.items():
        await create(client, admin, name, size=size)
    order = [{"custom": "size", "direction": "DESC"}]
    assert await found(client, admin, order=order) == ["QUERY_NEEDS_INDEX"]
    assert await CustomFieldRepository(mongo.database).adjust_indexes() == 1
    await client.mutate("updateCustomField", FIELD, {"id": plain["id"], "label": "Budget"}, by=admin)
    for direction, expected in (("ASC", [None, None, 1, 2, 3, 3]), ("DESC", [3, 3, 2, 1, None, None])):
        assert [size for _, size in await walk(client, admin, direction)] == expected
    assert len({name for name, _ in await walk(client, admin, "ASC")}) == len(names)
    assert await found(client, admin, order=[{"custom": "budget"}]) == ["QUERY_NEEDS_INDEX"]
    assert await found(client, admin, order=[{}]) == ["BAD_USER_INPUT"]
    await client.mutate("updateCustomField", FIELD, {"id": plain["id"], "sortable": True}, by=admin)
    assert await CustomFieldRepository(mongo.database).adjust_indexes() == 1
    assert "deleted_1_custom.budget.currency_1_custom.budget.amount_1__id_1" in (
        await mongo.database["customers"].index_information()
    )
    await client.mutate("deleteCustomField", FIELD, {"id": plain["id"]}, by=admin)
    assert await CustomFieldRepository(mongo.database).adjust_indexes() == 1
    assert not any("budget" in name for name in await mongo.database["customers"].index_information())


async def walk(client: SubgraphClient, by: Actor, direction: str) -> list[tuple[str, Any]]:
    """Every customer's name and size, two a page."""
    pages: list[tuple[str, Any]] = []
    after, more = None, True
    while more:
        asked = {"order": [{"custom": "size", "direction": direction}], "first": 2, "after": after}
        page = (await client.query(FIND, asked, by=by)).data["customers"]
        pages += [(node["name"], node["custom"][0]["value"]) for node in page["nodes"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return pages


async def test_history_audit_and_events_name_the_field_and_outlive_it(
    client: SubgraphClient, admin: Actor, mongo: Mongo
) -> None:
    size = (await define(client, admin, "size", "NUMBER"))["customField"]
    await define(client, admin, "budget", "MONEY")
    made = (await create(client, admin, size=5))["customer"]
    await update(client, admin, made["id"], size=7, budget={"amount": "2.50", "currency": "CNY"})
    gone = await client.mutate("deleteCustomField", FIELD, {"id": size["id"]}, by=admin)
    assert gone["customField"]["deletedAt"] is not None
    query = (
        "query($id: ID!) { customer(id: $id) { custom { key } history { nodes { changes { field before after } } } } }"
    )
    customer = (await client.query(query, {"id": made["id"]}, by=admin)).data["customer"]
    assert [value["key"] for value in customer["custom"]] == ["budget"]
    assert customer["history"]["nodes"][0]["changes"] == [
        {"field": "custom.budget", "before": None, "after": {"amount": "2.50", "currency": "CNY"}},
        {"field": "custom.size", "before": 5, "after": 7},
    ]
    assert codes(await update(client, admin, made["id"], size=8)) == [
        ("UNKNOWN_CUSTOM_FIELD", ["input", "custom", "size"])
    ]
    rows = await mongo.database["audit"].find({"record": made["id"], "version": 2}).to_list(None)
    assert [row["changed"] for row in rows] == [["custom.budget", "custom.size"]]
    events = [str(row) for row in await mongo.database["outbox"].find({}).to_list(None) if made["id"] in str(row)]
    assert any("custom.size" in event for event in events)
    assert not any("25000" in event or "2.50" in event for event in events)
    back = await client.mutate("restoreCustomField", FIELD, {"id": size["id"]}, by=admin)
    assert back["customField"]["deletedAt"] is None
    assert await found(client, admin, {"key": "size", "eq": 7}) == ["李四"]


async def test_only_administrators_define_and_everybody_of_the_staff_reads(
    client: SubgraphClient, admin: Actor, seller: Actor
) -> None:
    assert codes(await define(client, seller, "size", "NUMBER")) == [("FORBIDDEN", ["input"])]
    await define(client, admin, "size", "NUMBER")
    answer = await client.query("{ customFields { key applyTo: appliesTo } }", by=seller)
    assert answer.data["customFields"] == [{"key": "size", "applyTo": "Customer"}]
    nobody = Actor("usr_nobody", "NOBODY", "ses_9")
    assert (await client.query("{ customFields { key } }", by=nobody)).codes == ["FORBIDDEN"]


async def test_a_unique_value_that_was_the_only_one_is_free_again_once_it_is_cleared(
    client: SubgraphClient, admin: Actor
) -> None:
    await define(client, admin, "taxNo", "TEXT", unique=True)
    had = (await create(client, admin, taxNo="A1"))["customer"]["id"]
    assert (await create(client, admin, taxNo="A1"))["userErrors"] != []
    assert (await update(client, admin, had, taxNo=None))["userErrors"] == []
    assert (await create(client, admin, taxNo="A1"))["userErrors"] == []
