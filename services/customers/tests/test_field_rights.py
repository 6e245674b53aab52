"""What a role's field rules do at the doors of this service: a role from whom phone numbers and amounts are hidden."""

from typing import Any

import pytest
from access_rows import role_row, user_row
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

CAREFUL = Actor("usr_careful", "CAREFUL", "ses_9")
GRANTS = {name: {"READ": "ALL", "CREATE": "ALL", "UPDATE": "ALL"} for name in ("Customer", "Deal", "Pipeline")}
FIELDS = {"Customer": {"phone": "MASK", "email": "READ"}, "Deal": {"amount": "MASK"}}
NODE = "id name phone email hiddenFields"


@pytest.fixture(autouse=True)
async def customer(mongo: Mongo, client: SubgraphClient, admin: Actor) -> str:
    await mongo.database["access"].insert_many(
        [role_row("CAREFUL", GRANTS, FIELDS), user_row("usr_careful", "CAREFUL")]
    )
    given = {"kind": "PERSON", "name": "张三", "phone": "13800001111", "email": "zhang@example.com", "ownerId": None}
    made = await client.mutate("createCustomer", "customer { id phone hiddenFields }", given, by=admin)
    assert (made["customer"]["phone"], made["customer"]["hiddenFields"]) == ("+8613800001111", [])
    return str(made["customer"]["id"])


async def test_a_hidden_field_is_null_at_every_door(client: SubgraphClient, customer: str) -> None:
    document = f"""
    query($id: ID!, $of: [_Any!]!) {{
      customer(id: $id) {{ {NODE} }}
      customers {{ nodes {{ {NODE} }} edges {{ node {{ {NODE} }} }} }}
      _entities(representations: $of) {{ ... on Customer {{ {NODE} }} }}
    }}"""
    of = [{"__typename": "Customer", "id": customer}]
    data = (await client.query(document, {"id": customer, "of": of}, by=CAREFUL)).data
    shown = {"id": customer, "name": "张三", "phone": None, "email": "zhang@example.com", "hiddenFields": ["phone"]}
    assert data["customer"] == data["customers"]["nodes"][0] == data["_entities"][0] == shown
    assert data["customers"]["edges"] == [{"node": shown}]
    given = {"id": customer, "name": "李四"}
    changed = await client.mutate("updateCustomer", f"customer {{ {NODE} }}", given, by=CAREFUL)
    assert changed["customer"] == shown | {"name": "李四"}
    stale = {"id": customer, "name": "王五", "expectedVersion": 1}
    conflict = await client.mutate("updateCustomer", f"customer {{ {NODE} }}", stale, by=CAREFUL)
    assert conflict["customer"] == shown | {"name": "李四"}
    assert conflict["userErrors"][0]["code"] == "VERSION_CONFLICT"


@pytest.mark.parametrize(
    "arguments",
    [
        'filter: {phone: {eq: "+8613800001111"}}',
        "filter: {phone: {isNull: false}}",
        'filter: {not: {or: [{name: {eq: "x"}}, {and: [{phone: {contains: "1"}}]}]}}',
    ],
)
async def test_nothing_is_asked_by_a_hidden_field(client: SubgraphClient, arguments: str) -> None:
    for asked in (f"customers({arguments}) {{ totalCount }}", f"customers({arguments}) {{ nodes {{ id }} }}"):
        assert (await client.query(f"{{ {asked} }}", by=CAREFUL)).codes == ["FORBIDDEN_FIELD"]
    nested = f"""
    query($of: [_Any!]!) {{
      _entities(representations: $of) {{ ... on User {{ customers({arguments}) {{ totalCount }} }} }}
    }}"""
    of = [{"__typename": "User", "id": "usr_careful"}]
    assert (await client.query(nested, {"of": of}, by=CAREFUL)).codes == ["FORBIDDEN_FIELD"]


async def test_a_list_is_not_sorted_by_a_hidden_field(client: SubgraphClient) -> None:
    answer = await client.query("{ deals(orderBy: {field: AMOUNT}) { totalCount } }", by=CAREFUL)
    assert answer.codes == ["FORBIDDEN_FIELD"]


async def test_a_search_leaves_hidden_fields_out(client: SubgraphClient, admin: Actor) -> None:
    async def found(text: str, by: Actor) -> int:
        document = "query($text: String!) { customers(search: $text) { totalCount } }"
        return int((await client.query(document, {"text": text}, by=by)).data["customers"]["totalCount"])

    assert (await found("1380000", admin), await found("1380000", CAREFUL)) == (1, 0)
    assert await found("张三", CAREFUL) == await found("zhang@", CAREFUL) == 1


@pytest.mark.parametrize("field", ["phone", "email"])
@pytest.mark.parametrize("value", ["+8613800001111", "zhang@example.com", "nonsense", None])
async def test_neither_a_hidden_nor_a_read_only_field_is_set(
    client: SubgraphClient, customer: str, field: str, value: Any
) -> None:
    refused = [{"code": "FORBIDDEN_FIELD", "path": ["input", field]}]
    change = {"id": customer, "name": "李四", field: value}
    assert (await client.mutate("updateCustomer", "customer { id }", change, by=CAREFUL))["userErrors"] == refused
    new = {"kind": "PERSON", "name": "New", field: value}
    assert (await client.mutate("createCustomer", "customer { id }", new, by=CAREFUL))["userErrors"] == refused
    after = (await client.query("{ customers { nodes { name version } } }", by=CAREFUL)).data["customers"]["nodes"]
    assert after == [{"name": "张三", "version": 1}]
