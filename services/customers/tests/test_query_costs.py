"""Every root query, with every field that it has: as many database calls for ten records as for two, each indexed."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from access_rows import user_row
from customers_world import HEIR, SELLER, CustomersWorld
from query_costs import Cost, check_costs, cost, document, indexes, roots, unserved
from rights_schema import schemas
from subgraph_client import SubgraphClient

from rapport_customers.app import pipeline_service
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore

SCHEMA = schemas()["customers"]
FEW, MANY = 2, 10
ONE_BY_ONE = {"SubjectRequest.customersRecords": "a copy of everything of one person, audited for each reading"}
"""Fields that cost as many calls as there are records that they are asked of, and why."""
Arguments = dict[str, Any]


def by_id(noun: str) -> Callable[[CustomersWorld], Arguments]:
    """The record on which most hangs."""
    return lambda world: {"id": world.ids[noun][0]}


def nothing(_: CustomersWorld) -> Arguments:
    """A list from its beginning, or a record that there is once."""
    return {}


ARGUMENTS: dict[str, Callable[[CustomersWorld], Arguments]] = {
    "assignmentRules": nothing,
    "contact": by_id("contact"),
    "contacts": nothing,
    "customFields": nothing,
    "customer": by_id("customer"),
    "customerAsOf": lambda world: {"id": world.ids["customer"][0], "at": world.clock().isoformat()},
    "customerChanges": lambda world: {"after": world.start["customerChanges"], "first": 100},
    "customerHandling": nothing,
    "customerImport": by_id("customerImport"),
    "customerImports": nothing,
    "customers": nothing,
    "customersAuditLog": lambda _: {"first": 100},
    "dataQuality": nothing,
    "deal": by_id("deal"),
    "dealChanges": lambda world: {"after": world.start["dealChanges"], "first": 100},
    "deals": nothing,
    "duplicateGroups": nothing,
    "lateCustomerChanges": nothing,
    "need": by_id("need"),
    "needs": nothing,
    "order": by_id("order"),
    "orders": nothing,
    "ownershipTransfer": by_id("transfer"),
    "pipelines": nothing,
    "pool": nothing,
    "poolRules": nothing,
    "products": nothing,
    "savedViews": nothing,
    "segment": by_id("segment"),
    "segmentPreview": lambda _: {"rule": {"orderCount": {"gte": 1}}},
    "segments": nothing,
    "stageDurations": nothing,
    "subjectRequest": by_id("request"),
    "subjectRequests": nothing,
    "tagGroups": nothing,
    "tags": nothing,
    "tiers": nothing,
    "workQueue": lambda _: {"userId": SELLER},
}
"""What each root query is asked, ``_entities`` aside."""
NO_LIST = {"assignmentRules", "customerHandling", "poolRules", "stageDurations", "tiers"}
"""What does not answer more where there is more, beside single records."""
ADMINS = {"assignmentRules", "customersAuditLog"}
"""What sales may not ask."""


@pytest.fixture
async def world(client: SubgraphClient, admin: Actor, clock: ManualClock, mongo: Mongo) -> CustomersWorld:
    await pipeline_service(mongo, clock).ensure_standard()
    await mongo.database["access"].insert_many([user_row(SELLER), user_row(HEIR)])
    return CustomersWorld(client, admin, clock, OutboxStore(mongo.database, source="/rapport/customers", clock=clock))


def asked(world: CustomersWorld) -> Iterator[tuple[str, str, Arguments]]:
    """A name, the root field and its arguments of every query."""
    for root, arguments in ARGUMENTS.items():
        yield root, root, arguments(world)
    for entity in SCHEMA.entities:
        known = world.ids[{"SubjectRequest": "request", "User": "user"}.get(entity, f"{entity[0].lower()}{entity[1:]}")]
        yield entity, "_entities", {"representations": [{"__typename": entity, "id": each} for each in known]}


async def costs(world: CustomersWorld, by: Actor) -> dict[str, Cost]:
    """Of every query that this role may ask, by name."""
    return {
        name: await cost(world.client, document(SCHEMA, root, given, ONE_BY_ONE), given, by=by)
        for name, root, given in asked(world)
        if by.role == "ADMIN" or name not in ADMINS
    }


def test_every_root_query_is_asked() -> None:
    assert roots(SCHEMA) == {*ARGUMENTS, "_entities"}


async def test_every_query_costs_the_same_for_more_and_is_indexed(
    world: CustomersWorld, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    await world.grow(FEW)
    few = await costs(world, admin)
    await world.grow(MANY)
    many, known = await costs(world, admin), await indexes(mongo)
    of_sales = await costs(world, seller)
    lists = {name for name, root, given in asked(world) if "id" not in given} - NO_LIST
    check_costs(few, many, known, more=MANY - FEW, lists=lists)
    for name, each in of_sales.items():
        assert list(unserved(each.commands, known)) == [], name
