"""The tasks subgraph as its callers see it: HTTP in, GraphQL out, with signed tokens."""

from typing import Any

import pytest

from rapport_shared.actor import Actor

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
