"""Every root query, with every field that it has: as many database calls for ten records as for two, each indexed."""

import pytest
from noun_costs import NounCosts
from query_costs import roots
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.mongo import Mongo

TASKS = NounCosts(
    "tasks",
    "task",
    "createTask",
    lambda about, number, owner: {"title": f"T {number}", "customerId": about, "assigneeId": owner.id},
    {"tasks", "taskChanges", "Customer", "Task", "User"},
)


def test_every_root_query_is_asked(admin: Actor) -> None:
    assert roots(TASKS.schema) == {root for _, root, _ in TASKS.asked(["x"], "", admin, admin)}


@pytest.mark.usefixtures("company")
async def test_every_query_costs_the_same_for_more_and_is_indexed(
    client: SubgraphClient, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    await TASKS.check(client, mongo, admin=admin, owner=seller)
