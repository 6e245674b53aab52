"""The interactions subgraph as its clients meet it."""

from typing import Any

import pytest
from database_calls import commands
from subgraph_client import SubgraphClient, TestIssuer

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

WHOLE = """interaction {
  id customerId customer { id } authorId author { id } channel occurredAt participants content outcome intent
  nextFollowUpAt createdAt updatedAt deletedAt version
}"""
LIST = """
query($first: Int, $after: String, $filter: InteractionFilter, $orderBy: [InteractionOrder!], $search: String) {
  interactions(first: $first, after: $after, filter: $filter, orderBy: $orderBy, search: $search) {
    nodes { content } totalCount
  }
}"""
BELOW = """
query($of: [_Any!]!, $first: Int) {
  _entities(representations: $of) {
    ... on Customer { id interactions(first: $first) { totalCount nodes { content author { id } } } }
  }
}"""


async def record(client: SubgraphClient, by: Actor, select: str = "interaction { id }", **given: Any) -> Any:
    talk = {"customerId": "cus_1", "channel": "PHONE", "content": "谈了价格", **given}
    return await client.mutate("recordInteraction", select, talk, by=by)


async def counts(mongo: Mongo) -> tuple[int, int]:
    """Interactions and events."""
    return (
        await mongo.database["interactions"].count_documents({}),
        await mongo.database["outbox"].count_documents({}),
    )


async def test_a_record_is_answered_whole(client: SubgraphClient, admin: Actor, tell: Any) -> None:
    await tell("cus_1", "usr_seller")
    given = {
        "channel": "VISIT",
        "occurredAt": "2026-02-28T17:30:00+08:00",
        "participants": ["王芳", "Bob"],
        "content": "第一行\r\n第二行",
        "outcome": "约好再谈",
        "intent": "HIGH",
        "nextFollowUpAt": "2026-03-08T09:00:00Z",
    }
    answer = await record(client, admin, WHOLE, **given)
    assert answer["userErrors"] == []
    made = answer["interaction"]
    assert made["id"].startswith("int_")
    assert made == {
        **given,
        "id": made["id"],
        "customerId": "cus_1",
        "customer": {"id": "cus_1"},
        "authorId": admin.id,
        "author": {"id": admin.id},
        "occurredAt": "2026-02-28T09:30:00.000Z",
        "content": "第一行\n第二行",
        "nextFollowUpAt": "2026-03-08T09:00:00.000Z",
        "createdAt": "2026-03-01T09:00:00.000Z",
        "updatedAt": "2026-03-01T09:00:00.000Z",
        "deletedAt": None,
        "version": 1,
    }
    by_id = f"query($id: ID!) {{ interaction(id: $id) {{ {WHOLE[WHOLE.index('{') + 1 : -1]} }} }}"
    assert (await client.query(by_id, {"id": made["id"]}, by=admin)).data["interaction"] == made


async def test_left_out_stays_and_null_clears(client: SubgraphClient, admin: Actor, tell: Any) -> None:
    await tell("cus_1", None)
    given: dict[str, Any] = {
        "occurredAt": None,
        "outcome": "x",
        "intent": "LOW",
        "nextFollowUpAt": "2026-03-08T09:00:00Z",
    }
    made = (await record(client, admin, **given))["interaction"]
    select = "interaction { outcome intent nextFollowUpAt participants occurredAt version }"
    kept = await client.mutate("updateInteraction", select, {"id": made["id"], "channel": "SMS"}, by=admin)
    assert kept["interaction"] == {
        "outcome": "x",
        "intent": "LOW",
        "nextFollowUpAt": "2026-03-08T09:00:00.000Z",
        "participants": [],
        "occurredAt": "2026-03-01T09:00:00.000Z",
        "version": 2,
    }
    cleared = {"id": made["id"], "outcome": None, "intent": None, "nextFollowUpAt": None}
    answer = await client.mutate("updateInteraction", select, cleared, by=admin)
    assert [answer["interaction"][name] for name in ("outcome", "intent", "nextFollowUpAt")] == [None] * 3
    refused = await client.mutate("updateInteraction", select, {"id": made["id"], "occurredAt": None}, by=admin)
    assert refused["userErrors"] == [{"code": "MISSING_VALUE", "path": ["input", "occurredAt"]}]


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"content": " "}, "INVALID_CONTENT", "content"),
        ({"content": "x" * 20_001}, "INVALID_CONTENT", "content"),
        ({"outcome": ""}, "INVALID_OUTCOME", "outcome"),
        ({"participants": ["a\nb"]}, "INVALID_PARTICIPANT", "participants"),
        ({"participants": [str(number) for number in range(101)]}, "TOO_MANY_PARTICIPANTS", "participants"),
        ({"occurredAt": "2026-03-02T09:00:00.001Z"}, "INVALID_OCCURRED_AT", "occurredAt"),
        ({"nextFollowUpAt": "2026-03-01T09:00:00Z"}, "INVALID_FOLLOW_UP", "nextFollowUpAt"),
        ({"customerId": "cus_nothing"}, "CUSTOMER_NOT_FOUND", "customerId"),
    ],
)
async def test_bad_values_are_user_errors_and_change_nothing(
    client: SubgraphClient, mongo: Mongo, admin: Actor, tell: Any, given: dict[str, Any], code: str, field: str
) -> None:
    await tell("cus_1", None)
    answer = await record(client, admin, **given, idempotencyKey="k1")
    assert answer == {"interaction": None, "userErrors": [{"code": code, "path": ["input", field]}]}
    assert await counts(mongo) == (0, 0)
    mended = await record(client, admin, idempotencyKey="k1")  # a refused request does not use up its key
    assert mended["userErrors"] == []


@pytest.mark.parametrize(
    "variables",
    [
        {"filter": {"mood": {"eq": "x"}}},
        {"filter": {"content": {"startsWith": "x"}}},
        {"filter": {"channel": {"eq": "PIGEON"}}},
        {"filter": {"occurredAt": {"gt": "yesterday"}}},
        {"filter": {"intent": None}},
        {"filter": {"and": []}},
        {"orderBy": [{"field": "CONTENT"}]},
        {"first": 101},
        {"first": -1},
        {"after": "eyJ4Ijox"},
        {"search": "x" * 201},
    ],
)
async def test_bad_list_arguments_are_refused(client: SubgraphClient, admin: Actor, variables: dict[str, Any]) -> None:
    assert (await client.query(LIST, variables, by=admin)).codes == ["BAD_USER_INPUT"]


async def test_a_cursor_of_another_order_is_refused(client: SubgraphClient, admin: Actor, tell: Any) -> None:
    await tell("cus_1", None)
    await record(client, admin)
    cursors = await client.query("{ interactions { pageInfo { endCursor } } }", by=admin)
    cursor = cursors.data["interactions"]["pageInfo"]["endCursor"]
    assert (await client.query(LIST, {"after": cursor}, by=admin)).data["interactions"]["nodes"] == []
    other = {"after": cursor, "orderBy": [{"field": "CREATED_AT"}]}
    assert (await client.query(LIST, other, by=admin)).codes == ["BAD_USER_INPUT"]


async def test_unknown_input_fields_are_refused(client: SubgraphClient, mongo: Mongo, admin: Actor, tell: Any) -> None:
    await tell("cus_1", None)
    given = '{customerId: "cus_1", channel: PHONE, content: "a", authorId: "usr_boss"}'
    document = f"mutation {{ recordInteraction(input: {given}) {{ interaction {{ id }} }} }}"
    assert (await client.query(document, by=admin)).codes == ["GRAPHQL_VALIDATION_FAILED"]
    assert await counts(mongo) == (0, 0)


async def test_nothing_answers_without_a_valid_token(client: SubgraphClient, issuer: TestIssuer, admin: Actor) -> None:
    for document in ("{ interactions { totalCount } }", "{ _service { sdl } }"):
        answer = await client.query(document)
        assert (answer.body["data"], answer.codes) == (None, ["UNAUTHENTICATED"])
    for token in (issuer.token(admin, exp=1), TestIssuer().token(admin), "x.y.z"):
        refused = await client.post({"query": "{ interactions { totalCount } }"}, authorization=f"Bearer {token}")
        assert (refused.body["data"], refused.codes) == (None, ["UNAUTHENTICATED"])


@pytest.mark.parametrize("mutation", ["updateInteraction", "deleteInteraction"])
async def test_wrong_ids_and_stale_versions_change_nothing(
    client: SubgraphClient, mongo: Mongo, admin: Actor, tell: Any, mutation: str
) -> None:
    answer = await client.mutate(mutation, "interaction { id }", {"id": "int_nothing"}, by=admin)
    assert answer == {"interaction": None, "userErrors": [{"code": "NOT_FOUND", "path": ["input", "id"]}]}
    await tell("cus_1", None)
    made = (await record(client, admin))["interaction"]
    for stale in (0, 2):
        given = {"id": made["id"], "expectedVersion": stale}
        answer = await client.mutate(mutation, "interaction { version deletedAt }", given, by=admin)
        assert answer["userErrors"] == [{"code": "VERSION_CONFLICT", "path": ["input", "expectedVersion"]}]
        assert answer["interaction"] == {"version": 1, "deletedAt": None}
    assert await counts(mongo) == (1, 1)


async def test_filters_orders_and_search_find_what_they_say(client: SubgraphClient, admin: Actor, tell: Any) -> None:
    await tell("cus_1", None)
    await tell("cus_2", None)
    day = "2026-02-{}T09:00:00Z"
    await record(client, admin, content="一", occurredAt=day.format(10), nextFollowUpAt=day.format(20), outcome="Deal")
    await record(client, admin, content="二", occurredAt=day.format(12), channel="SMS", participants=["王芳", "Ann"])
    await record(client, admin, content="三 (v1.0)", occurredAt=day.format(11), customerId="cus_2", intent="HIGH")

    async def contents(**variables: Any) -> list[str]:
        answer = (await client.query(LIST, variables, by=admin)).data["interactions"]
        found = [node["content"][0] for node in answer["nodes"]]
        assert answer["totalCount"] == len(found)
        return found

    assert await contents() == ["二", "三", "一"]
    assert await contents(orderBy=[{"field": "OCCURRED_AT"}]) == ["一", "三", "二"]
    assert await contents(orderBy=[{"field": "NEXT_FOLLOW_UP_AT", "direction": "DESC"}]) == ["一", "三", "二"]
    assert await contents(filter={"customerId": {"eq": "cus_2"}}) == ["三"]
    assert await contents(filter={"channel": {"in": ["SMS"]}}) == ["二"]
    assert await contents(filter={"intent": {"isNull": False}}) == ["三"]
    assert await contents(filter={"nextFollowUpAt": {"lt": day.format(21)}}) == ["一"]
    both = {"and": [{"occurredAt": {"gte": day.format(11)}}, {"not": {"channel": {"eq": "SMS"}}}]}
    assert await contents(filter=both) == ["三"]
    assert await contents(filter={"or": [{"content": {"contains": "一"}}, {"intent": {"eq": "HIGH"}}]}) == ["三", "一"]
    assert await contents(search="(V1.0)") == ["三"]
    assert await contents(search=" deal ") == ["一"]
    assert await contents(search="王芳") == ["二"]
    assert await contents(search=".*") == []


async def test_deleted_interactions_vanish_from_every_door(client: SubgraphClient, admin: Actor, tell: Any) -> None:
    await tell("cus_1", None)
    made = (await record(client, admin, nextFollowUpAt="2026-03-08T09:00:00Z"))["interaction"]
    answer = await client.mutate("deleteInteraction", "interaction { deletedAt }", made, by=admin)
    assert answer["interaction"]["deletedAt"] == "2026-03-01T09:00:00.000Z"
    assert (await client.query(LIST, by=admin)).data["interactions"] == {"nodes": [], "totalCount": 0}
    document = """query($id: ID!, $of: [_Any!]!) {
      interaction(id: $id) { id }
      _entities(representations: $of) {
        ... on Interaction { content }
        ... on Customer { interactions { totalCount nodes { id } } }
      }
    }"""
    of = [{"__typename": "Interaction", "id": made["id"]}, {"__typename": "Customer", "id": "cus_1"}]
    data = (await client.query(document, {"id": made["id"], "of": of}, by=admin)).data
    assert data == {"interaction": None, "_entities": [None, {"interactions": {"totalCount": 0, "nodes": []}}]}


async def test_the_number_of_database_calls_does_not_grow_with_the_page(
    client: SubgraphClient, admin: Actor, tell: Any
) -> None:
    customers = [f"cus_{number}" for number in range(20)]
    for customer in customers:
        await tell(customer, None)
        made = (await record(client, admin, customerId=customer))["interaction"]

    async def calls(document: str, of: list[dict[str, Any]]) -> int:
        before = commands()
        entities = (await client.query(document, {"of": of, "first": 3}, by=admin)).data["_entities"]
        assert len([entity for entity in entities if entity]) == len(of)
        return commands() - before

    references = [{"__typename": "Customer", "id": customer} for customer in customers]
    assert await calls(BELOW, references[:2]) == await calls(BELOW, references) == 2
    by_id = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Interaction { content } } }"
    records = [{"__typename": "Interaction", "id": made["id"]}]
    assert await calls(by_id, records) == await calls(by_id, records * 20) == 1


async def test_each_role_meets_its_own_reach_at_every_door(
    client: SubgraphClient, admin: Actor, seller: Actor, support: Actor, tell: Any
) -> None:
    await tell("cus_1", seller.id)
    await tell("cus_2", "usr_other")
    own = (await record(client, support, content="自己的"))["interaction"]
    other = (await record(client, admin, content="别人的", customerId="cus_2"))["interaction"]
    assert (await record(client, seller, customerId="cus_2"))["userErrors"][0]["code"] == "CUSTOMER_NOT_FOUND"
    listed = (await client.query(LIST, {"search": "的"}, by=seller)).data["interactions"]
    assert listed == {"nodes": [{"content": "自己的"}], "totalCount": 1}
    of = [{"__typename": "Customer", "id": customer} for customer in ("cus_1", "cus_2", "cus_nothing")]
    below = (await client.query(BELOW, {"of": of}, by=seller)).data["_entities"]
    assert [entity["interactions"]["totalCount"] for entity in below] == [1, 0, 0]
    by_id = "query($of: [_Any!]!) { _entities(representations: $of) { ... on Interaction { content } } }"
    of = [{"__typename": "Interaction", "id": made["id"]} for made in (own, other)]
    assert (await client.query(by_id, {"of": of}, by=seller)).data["_entities"] == [{"content": "自己的"}, None]

    async def outcome(by: Actor, made: dict[str, Any]) -> list[str]:
        given = {"id": made["id"], "outcome": f"by {by.role}"}
        answer = await client.mutate("updateInteraction", "interaction { id }", given, by=by)
        return [error["code"] for error in answer["userErrors"]]

    assert [await outcome(seller, made) for made in (own, other)] == [[], ["NOT_FOUND"]]
    assert [await outcome(support, made) for made in (own, other)] == [[], ["FORBIDDEN"]]
