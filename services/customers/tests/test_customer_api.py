"""The customers subgraph as its clients meet it."""

from typing import Any

import pytest
from access_rows import user_row
from database_calls import commands
from subgraph_client import SubgraphClient, TestIssuer, request

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

LIST = """
query($first: Int, $after: String, $filter: CustomerFilter, $orderBy: [CustomerOrder!], $search: String) {
  customers(first: $first, after: $after, filter: $filter, orderBy: $orderBy, search: $search) {
    nodes { id name } totalCount pageInfo { hasNextPage endCursor }
  }
}"""


async def create(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    return await client.mutate(
        "createCustomer",
        "customer { id version name phone ownerId }",
        {"kind": "PERSON", "name": "张三", **given},
        by=by,
    )


async def count(mongo: Mongo) -> int:
    return await mongo.database["customers"].count_documents({})


@pytest.mark.parametrize(
    "document",
    ["{ customers { totalCount } }", "{ _service { sdl } }", "{ __schema { types { name } } }", "{ nothing }"],
)
async def test_nothing_answers_without_a_token(client: SubgraphClient, document: str) -> None:
    answer = await client.query(document)
    assert (answer.body["data"], answer.codes) == (None, ["UNAUTHENTICATED"])


async def test_health_answers_without_a_token(client: SubgraphClient) -> None:
    assert (await request(client.app, "GET", "/health")).status == 200
    ready = await request(client.app, "GET", "/ready")
    assert (ready.status, ready.body) == (503, {"database": "up", "broker": "down"})


@pytest.mark.parametrize(
    ("header", "claims"),
    [
        ({}, {"exp": 1}),
        ({}, {"iss": "somebody"}),
        ({}, {"aud": "other"}),
        ({}, {"aud": ["rapport", "other"]}),
        ({}, {"sub": None}),
        ({}, {"sub": ""}),
        ({}, {"role": 7}),
        ({}, {"exp": 30_000_000_000}),
        ({}, {"sid": None}),
        ({"typ": "JWT"}, {}),
        ({"kid": "unknown"}, {}),
    ],
)
async def test_a_token_with_a_flaw_is_refused(
    client: SubgraphClient, issuer: TestIssuer, admin: Actor, header: dict[str, Any], claims: dict[str, Any]
) -> None:
    token = issuer.token(admin, header=header, **claims)
    answer = await client.post({"query": "{ customers { totalCount } }"}, authorization=f"Bearer {token}")
    assert (answer.body["data"], answer.codes) == (None, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("authorization", ["Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer " + "a" * 5000])
async def test_what_is_no_token_is_refused(client: SubgraphClient, authorization: str) -> None:
    answer = await client.post({"query": "{ customers { totalCount } }"}, authorization=authorization)
    assert (answer.body["data"], answer.codes) == (None, ["UNAUTHENTICATED"])


async def test_a_token_of_another_key_is_refused(client: SubgraphClient, admin: Actor) -> None:
    answer = await client.post(
        {"query": "{ customers { totalCount } }"}, authorization=f"Bearer {TestIssuer().token(admin)}"
    )
    assert answer.codes == ["UNAUTHENTICATED"]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"name": ""}, "INVALID_NAME", "name"),
        ({"name": "\u0007"}, "INVALID_NAME", "name"),
        ({"phone": "12"}, "INVALID_PHONE", "phone"),
        ({"email": "nobody"}, "INVALID_EMAIL", "email"),
        ({"tags": [""]}, "INVALID_TEXT", "tags"),
        ({"source": "x" * 101}, "INVALID_TEXT", "source"),
        ({"ownerId": "usr_nobody"}, "OWNER_NOT_FOUND", "ownerId"),
    ],
)
async def test_bad_values_are_user_errors_and_change_nothing(
    client: SubgraphClient, mongo: Mongo, admin: Actor, given: dict[str, Any], code: str, field: str
) -> None:
    answer = await create(client, admin, **given)
    assert answer == {"customer": None, "userErrors": [{"code": code, "path": ["input", field]}]}
    assert await count(mongo) == 0
    assert await mongo.database["outbox"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("variables", "code"),
    [
        ({"filter": {"nickname": {"eq": "x"}}}, "BAD_USER_INPUT"),
        ({"filter": {"name": {"startsWith": "x"}}}, "BAD_USER_INPUT"),
        ({"filter": {"stage": {"eq": "HAPPY"}}}, "BAD_USER_INPUT"),
        ({"filter": {"createdAt": {"gt": "yesterday"}}}, "BAD_USER_INPUT"),
        ({"filter": {"createdAt": {"gt": "2026-01-01T00:00:00"}}}, "BAD_USER_INPUT"),
        ({"filter": {"name": None}}, "BAD_USER_INPUT"),
        ({"filter": {"or": []}}, "BAD_USER_INPUT"),
        ({"first": 101}, "BAD_USER_INPUT"),
        ({"first": -1}, "BAD_USER_INPUT"),
        ({"after": "eyJ4Ijox"}, "BAD_USER_INPUT"),
        ({"after": "W1siLWNyZWF0ZWRfYXQsLV9pZCJdLCBbeyIkbmUiOiAxfSwgMV1d"}, "BAD_USER_INPUT"),
        ({"search": "x" * 201}, "BAD_USER_INPUT"),
    ],
)
async def test_bad_list_arguments_are_refused(
    client: SubgraphClient, admin: Actor, variables: dict[str, Any], code: str
) -> None:
    answer = await client.query(LIST, variables, by=admin)
    assert answer.codes == [code]


async def test_unknown_input_fields_are_refused(client: SubgraphClient, mongo: Mongo, admin: Actor) -> None:
    document = 'mutation { createCustomer(input: {kind: PERSON, name: "a", salary: 1}) { customer { id } } }'
    assert (await client.query(document, by=admin)).codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert await count(mongo) == 0


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "BAD_REQUEST"),
        (b"[]", 400, "BAD_REQUEST"),
        (b"{}", 400, "BAD_REQUEST"),
        (b'{"query": 7}', 400, "BAD_REQUEST"),
        (b'{"query": "{ __typename }", "variables": []}', 400, "BAD_REQUEST"),
        (b'{"query": "{"}', 200, "GRAPHQL_PARSE_FAILED"),
        (b" " * 10_000_000, 413, "PAYLOAD_TOO_LARGE"),
    ],
    ids=["broken", "list", "empty", "number", "variables", "syntax", "10 MB"],
)
async def test_broken_requests_are_refused(
    client: SubgraphClient, issuer: TestIssuer, admin: Actor, body: bytes, status: int, code: str
) -> None:
    answer = await client.post(body, authorization=f"Bearer {issuer.token(admin)}")
    assert (answer.status, answer.codes) == (status, [code])


async def test_a_wrong_id_is_not_found(client: SubgraphClient, admin: Actor) -> None:
    answer = await client.mutate("updateCustomer", "customer { id }", {"id": "cus_nothing", "name": "x"}, by=admin)
    assert answer["userErrors"] == [{"code": "NOT_FOUND", "path": ["input", "id"]}]
    assert (await client.query('{ customer(id: "cus_nothing") { id } }', by=admin)).data == {"customer": None}


async def test_a_stale_version_is_a_conflict_with_the_current_record(client: SubgraphClient, admin: Actor) -> None:
    made = (await create(client, admin))["customer"]
    changed = {"id": made["id"], "expectedVersion": 1, "name": "李四"}
    assert (await client.mutate("updateCustomer", "customer { name }", changed, by=admin))["userErrors"] == []
    answer = await client.mutate("updateCustomer", "customer { name version }", {**changed, "name": "王五"}, by=admin)
    assert answer["userErrors"] == [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}]
    assert answer["customer"] == {"name": "李四", "version": 2}


async def test_left_out_stays_and_null_clears(client: SubgraphClient, admin: Actor) -> None:
    made = (await create(client, admin, phone="+8613812345678"))["customer"]
    given = {"id": made["id"], "name": "李四"}
    assert (await client.mutate("updateCustomer", "customer { phone }", given, by=admin))["customer"][
        "phone"
    ] is not None
    given = {"id": made["id"], "phone": None}
    assert (await client.mutate("updateCustomer", "customer { phone }", given, by=admin))["customer"]["phone"] is None


async def test_filters_orders_and_search_find_what_they_say(client: SubgraphClient, admin: Actor) -> None:
    for name, stage, phone in (
        ("张三", "LEAD", "+8613811112222"),
        ("李四", "LOST", None),
        ("Ann Lee", "LEAD", "+14155552671"),
    ):
        await create(client, admin, name=name, stage=stage, phone=phone)

    async def names(**variables: Any) -> list[str]:
        answer = await client.query(LIST, variables, by=admin)
        return [node["name"] for node in answer.data["customers"]["nodes"]]

    by_name = [{"field": "NAME"}]
    assert await names(orderBy=by_name) == ["Ann Lee", "张三", "李四"]
    assert await names(orderBy=[{"field": "NAME", "direction": "DESC"}]) == ["李四", "张三", "Ann Lee"]
    assert await names(filter={"stage": {"in": ["LOST"]}}) == ["李四"]
    assert await names(filter={"phone": {"isNull": True}}) == ["李四"]
    assert await names(filter={"not": {"stage": {"eq": "LEAD"}}}) == ["李四"]
    either = {"or": [{"name": {"contains": "lee"}}, {"name": {"eq": "李四"}}]}
    assert await names(filter=either, orderBy=by_name) == ["Ann Lee", "李四"]
    assert await names(search="1111") == ["张三"]
    assert await names(search="ANN") == ["Ann Lee"]


async def test_the_number_of_database_calls_does_not_grow_with_the_page(
    client: SubgraphClient, mongo: Mongo, admin: Actor
) -> None:
    users = [f"usr_{number}" for number in range(20)]
    await mongo.database["access"].insert_many([user_row(user) for user in users])
    for user in users:
        await create(client, admin, ownerId=user)
    document = """
    query($of: [_Any!]!) {
      _entities(representations: $of) {
        ... on User { customers(first: 2) { totalCount nodes { id owner { id } } } }
      }
    }"""

    async def calls(number: int) -> int:
        before = commands()
        of = [{"__typename": "User", "id": user} for user in users[:number]]
        answer = await client.query(document, {"of": of}, by=admin)
        assert [entity["customers"]["totalCount"] for entity in answer.data["_entities"]] == [1] * number
        return commands() - before

    assert await calls(2) == await calls(20) == 2


async def test_entities_out_of_reach_are_null(client: SubgraphClient, admin: Actor, seller: Actor) -> None:
    own, other = [(await create(client, by))["customer"]["id"] for by in (seller, admin)]
    document = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Customer { id } } }"
    of = [{"__typename": "Customer", "id": found} for found in (own, other, "cus_none")]
    assert (await client.query(document, {"of": of}, by=seller)).data["_entities"] == [{"id": own}, None, None]
