"""The tasks subgraph as its callers see it: HTTP in, GraphQL out, with signed tokens."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest
from database_calls import commands
from subgraph_client import TestIssuer

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo
from rapport_tasks.schema import build_schema

CREATE = """mutation ($input: CreateTaskInput!) {
  createTask(input: $input) {
    task { id title assigneeId priority status version createdById }
    userErrors { code path }
  }
}"""
pytestmark = pytest.mark.usefixtures("company")


async def create(ask: Any, by: Actor, **given: Any) -> dict[str, Any]:
    answer = await ask(by, CREATE, input={"title": "Call back", **given})
    payload: dict[str, Any] = answer["data"]["createTask"]
    assert payload["userErrors"] == []
    task: dict[str, Any] = payload["task"]
    return task


async def test_a_task_is_made_and_listed_below_its_customer_and_assignee(ask: Any, seller: Actor) -> None:
    made = await create(ask, seller, customerId="cus_seller", dueAt="2026-03-05T17:00:00+08:00", priority="HIGH")
    assert made == {
        "id": made["id"],
        "title": "Call back",
        "assigneeId": seller.id,
        "priority": "HIGH",
        "status": "OPEN",
        "version": 1,
        "createdById": seller.id,
    }
    query = """query ($who: [_Any!]!) {
      tasks { totalCount nodes { id dueAt customer { id } assignee { id } createdBy { id } } }
      _entities(representations: $who) {
        __typename
        ... on Customer { tasks(first: 3) { totalCount nodes { id } } }
        ... on User { id tasks(first: 3) { totalCount nodes { id } } }
        ... on Task { title }
      }
    }"""
    asked = [("Customer", "cus_seller"), ("Customer", "cus_rival"), ("User", seller.id), ("Task", made["id"])]
    answer = await ask(seller, query, who=[{"__typename": kind, "id": id} for kind, id in asked])
    one, none = {"totalCount": 1, "nodes": [{"id": made["id"]}]}, {"totalCount": 0, "nodes": []}
    assert answer["data"]["tasks"] == {
        "totalCount": 1,
        "nodes": [
            {
                "id": made["id"],
                "dueAt": "2026-03-05T09:00:00.000Z",
                "customer": {"id": "cus_seller"},
                "assignee": {"id": seller.id},
                "createdBy": {"id": seller.id},
            }
        ],
    }
    assert answer["data"]["_entities"] == [
        {"__typename": "Customer", "tasks": one},
        {"__typename": "Customer", "tasks": none},
        {"__typename": "User", "id": seller.id, "tasks": one},
        {"__typename": "Task", "title": "Call back"},
    ]


async def test_a_task_goes_its_way(ask: Any, admin: Actor, seller: Actor) -> None:
    made = await create(ask, admin, description="one\ntwo")
    steps = [
        ("assignTask", "AssignTaskInput", {"assigneeId": seller.id}, "OPEN"),
        ("updateTask", "UpdateTaskInput", {"status": "IN_PROGRESS", "dueAt": "2026-04-01T00:00:00Z"}, "IN_PROGRESS"),
        ("completeTask", "CompleteTaskInput", {"result": "sold"}, "DONE"),
        ("reopenTask", "ReopenTaskInput", {"reason": "a return"}, "OPEN"),
        ("cancelTask", "CancelTaskInput", {"reason": "settled"}, "CANCELLED"),
    ]
    for version, (name, given_type, given, status) in enumerate(steps, start=1):
        query = f"""mutation ($input: {given_type}!) {{
          {name}(input: $input) {{ task {{ status version assigneeId result }} userErrors {{ code }} }}
        }}"""
        answer = await ask(admin, query, input={"id": made["id"], "expectedVersion": version, **given})
        payload = answer["data"][name]
        assert payload["userErrors"] == []
        assert (payload["task"]["status"], payload["task"]["version"]) == (status, version + 1)
        stale = (await ask(admin, query, input={"id": made["id"], "expectedVersion": version, **given}))["data"][name]
        assert stale == {"task": payload["task"], "userErrors": [{"code": "VERSION_CONFLICT"}]}
    assert payload["task"]["assigneeId"] == seller.id
    assert payload["task"]["result"] == "sold"


async def test_a_follow_up_has_no_person_as_its_creator(ask: Any, admin: Actor, mongo: Mongo) -> None:
    made = await create(ask, admin)
    change = {"$set": {"created_by_id": "system", "origin": "FOLLOW_UP", "interaction_id": "int_1"}}
    await mongo.database["tasks"].update_one({"_id": made["id"]}, change)
    query = "query ($id: ID!) { task(id: $id) { createdById createdBy { id } interactionId origin } }"
    assert (await ask(admin, query, id=made["id"]))["data"]["task"] == {
        "createdById": "system",
        "createdBy": None,
        "interactionId": "int_1",
        "origin": "FOLLOW_UP",
    }


async def test_filters_and_orders_mean_what_they_say(ask: Any, admin: Actor, seller: Actor) -> None:
    soon, late = "2026-03-02T00:00:00Z", "2026-05-02T00:00:00Z"
    await create(ask, admin, title="a", priority="LOW", dueAt=late, assigneeId=seller.id)
    await create(ask, admin, title="b", priority="URGENT", dueAt=soon, customerId="cus_rival")
    await create(ask, admin, title="c", assigneeId=None, description="报价单")
    for arguments, wanted in (
        ("orderBy: [{field: PRIORITY, direction: DESC}]", "bca"),
        ("orderBy: [{field: DUE_AT}]", "cba"),
        ("orderBy: [{field: CREATED_AT}]", "abc"),
        ("filter: {dueAt: {isNull: true}}", "c"),
        ('filter: {dueAt: {lt: "2026-04-01T00:00:00Z"}}', "b"),
        ("filter: {assigneeId: {isNull: true}}", "c"),
        ('filter: {or: [{customerId: {eq: "cus_rival"}}, {priority: {in: [LOW]}}]}, orderBy: [{field: DUE_AT}]', "ba"),
        ('filter: {not: {title: {in: ["a", "b"]}}}', "c"),
        ("filter: {status: {eq: DONE}}", ""),
        ("filter: {origin: {eq: MANUAL}}, first: 1", "c"),
        ('search: "报价"', "c"),
    ):
        answer = await ask(admin, f"{{ tasks({arguments}) {{ nodes {{ title }} }} }}")
        assert "".join(node["title"] for node in answer["data"]["tasks"]["nodes"]) == wanted, arguments


async def test_the_number_of_database_calls_does_not_grow_with_the_page(ask: Any, admin: Actor, seller: Actor) -> None:
    for number in range(6):
        await create(ask, admin, customerId=("cus_seller", "cus_rival")[number % 2], assigneeId=seller.id)
    query = """query ($who: [_Any!]!) { _entities(representations: $who) {
      ... on Customer { tasks(first: 2, filter: {status: {eq: OPEN}}) { totalCount nodes { id assignee { id } } } }
      ... on User { tasks { nodes { id customer { id } } } }
      ... on Task { title }
    } }"""

    async def calls(kinds: list[tuple[str, str]]) -> int:
        before = commands()
        answer = await ask(admin, query, who=[{"__typename": kind, "id": id} for kind, id in kinds])
        assert "errors" not in answer
        assert all(answer["data"]["_entities"])
        return commands() - before

    tasks = [node["id"] for node in (await ask(admin, "{ tasks { nodes { id } } }"))["data"]["tasks"]["nodes"]]
    few = [("Customer", "cus_seller"), ("User", seller.id), ("Task", tasks[0])]
    many = [*few, ("Customer", "cus_rival"), ("User", admin.id), *(("Task", task) for task in tasks[1:])]
    assert await calls(many) == await calls(few) == 4  # pages and counts of customers; pages of users; tasks


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"title": "  "}, "INVALID_TITLE", "title"),
        ({"title": "x" * 201}, "INVALID_TITLE", "title"),
        ({"description": "x" * 5001}, "INVALID_TEXT", "description"),
        ({"assigneeId": "usr_nobody"}, "ASSIGNEE_NOT_FOUND", "assigneeId"),
        ({"customerId": "cus_rival"}, "CUSTOMER_NOT_FOUND", "customerId"),
    ],
)
async def test_what_a_person_can_mend_is_a_user_error(
    ask: Any, seller: Actor, mongo: Mongo, given: dict[str, Any], code: str, path: str
) -> None:
    answer = await ask(seller, CREATE, input={"title": "Call back", **given})
    assert answer == {"data": {"createTask": {"task": None, "userErrors": [{"code": code, "path": ["input", path]}]}}}
    assert await mongo.database["tasks"].count_documents({}) == 0
    assert await mongo.database["outbox"].count_documents({}) == 0


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ('updateTask(input: {id: "%s", status: DONE})', "ILLEGAL_STATUS_CHANGE"),
        ('reopenTask(input: {id: "%s"})', "ILLEGAL_STATUS_CHANGE"),
        ('updateTask(input: {id: "%s", title: null})', "MISSING_VALUE"),
        ('updateTask(input: {id: "%s", title: "x", expectedVersion: 0})', "VERSION_CONFLICT"),
        ('assignTask(input: {id: "%s", assigneeId: "usr_former"})', "ASSIGNEE_NOT_FOUND"),
        ('completeTask(input: {id: "%s", result: "\\u0000"})', "INVALID_TEXT"),
        ('cancelTask(input: {id: "tsk_nobody%.0s"})', "NOT_FOUND"),
        ('cancelTask(input: {id: "cus_seller%.0s"})', "NOT_FOUND"),
    ],
)
async def test_a_refused_change_changes_nothing(ask: Any, admin: Actor, mongo: Mongo, change: str, code: str) -> None:
    made = await create(ask, admin)
    before = await mongo.database["tasks"].find_one({"_id": made["id"]})
    answer = await ask(admin, "mutation { done: " + change % made["id"] + " { userErrors { code } } }")
    assert answer["data"]["done"]["userErrors"] == [{"code": code}]
    assert await mongo.database["tasks"].find_one({"_id": made["id"]}) == before


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ tasks(first: 101) { nodes { id } } }", "BAD_USER_INPUT"),
        ('{ tasks(after: "nonsense") { nodes { id } } }', "BAD_USER_INPUT"),
        ("{ tasks(first: 1, last: 1) { nodes { id } } }", "BAD_USER_INPUT"),
        ("{ tasks(filter: {and: []}) { nodes { id } } }", "BAD_USER_INPUT"),
        ("{ tasks { nodes { secret } } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ tasks(filter: {title: {like: 1}}) { nodes { id } } }", "GRAPHQL_VALIDATION_FAILED"),
        ('mutation { createTask(input: {title: "x", boss: 1}) { task { id } } }', "GRAPHQL_VALIDATION_FAILED"),
        (
            'mutation { createTask(input: {title: "x", dueAt: "tomorrow"}) { task { id } } }',
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ tasks {", "GRAPHQL_PARSE_FAILED"),
    ],
)
async def test_a_request_that_makes_no_sense_has_a_code(ask: Any, admin: Actor, query: str, code: str) -> None:
    answer = await ask(admin, query)
    assert [error["extensions"]["code"] for error in answer["errors"]] == [code]


async def test_a_cursor_of_another_order_is_refused(ask: Any, admin: Actor) -> None:
    await create(ask, admin)
    cursor = (await ask(admin, "{ tasks { pageInfo { endCursor } } }"))["data"]["tasks"]["pageInfo"]["endCursor"]
    query = "query ($after: String) { tasks(after: $after, orderBy: [{field: PRIORITY}]) { nodes { id } } }"
    assert (await ask(admin, query, after=cursor))["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "query", ["{ tasks { nodes { id } } }", "{ _service { sdl } }", "{ __schema { types { name } } }"]
)
async def test_without_a_token_nothing_is_said(ask: Any, query: str) -> None:
    answer = await ask(None, query)
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert not answer.get("data")


async def test_an_expired_or_broken_token_is_refused(
    api_url: str, session: aiohttp.ClientSession, issuer: TestIssuer, admin: Actor
) -> None:
    good = issuer.token(admin)
    for bad in (issuer.token(admin, exp=1), TestIssuer().token(admin), good[:-4] + "AAAA", "nonsense", ""):
        headers, body = {"authorization": f"Bearer {bad}"}, {"query": "{ tasks { totalCount } }"}
        async with session.post(f"{api_url}/graphql", json=body, headers=headers) as response:
            answer = await response.json()
        assert not answer.get("data")
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"]


async def test_each_role_reaches_its_own(ask: Any, admin: Actor, seller: Actor, rival: Actor, support: Actor) -> None:
    made = await create(ask, admin, customerId="cus_seller")
    query = """query ($id: ID!, $who: [_Any!]!) {
      task(id: $id) { id } tasks { totalCount } _entities(representations: $who) { ... on Task { id } }
    }"""
    change = 'mutation { completeTask(input: {id: "%s"}) { userErrors { code } } }'
    for by, sees, refusal in ((rival, False, "NOT_FOUND"), (support, True, "FORBIDDEN"), (seller, True, None)):
        data = (await ask(by, query, id=made["id"], who=[{"__typename": "Task", "id": made["id"]}]))["data"]
        found = {"id": made["id"]} if sees else None
        assert data == {"task": found, "tasks": {"totalCount": int(sees)}, "_entities": [found]}
        errors = (await ask(by, change % made["id"]))["data"]["completeTask"]["userErrors"]
        assert [error["code"] for error in errors] == ([refusal] if refusal else [])


def test_the_committed_schema_is_the_one_that_is_served() -> None:
    committed = Path(__file__).parents[1] / "schema.graphql"
    assert committed.read_text("utf-8") == build_schema().as_str()
