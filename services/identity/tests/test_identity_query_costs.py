"""Every root query, with every field that it has: as many database calls for ten records as for two, each indexed."""

from typing import Any

from numbering import number_events
from query_costs import Cost, check_costs, cost, document, indexes, roots
from rights_schema import schemas
from subgraph_client import SubgraphClient

from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.mongo import Mongo
from rapport_shared.outbox import OutboxStore

SCHEMA = schemas()["identity"]
FEW, MANY = 2, 10
NOUNS = {"Team": "team", "User": "user", "Role": "role", "ApiKey": "apiKey"}
WHOLE = {"roles"}
LISTS = {"users", "userChanges", "apiKeys", "teams", "team", "roles", "identityAuditLog", *NOUNS}


def asked(ids: dict[str, list[str]], start: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """The root field and its arguments of every query, by a name."""
    entities = {}
    for entity in SCHEMA.entities:
        key = "name" if entity == "Role" else "id"
        of = [{"__typename": entity, key: each} for each in ids[NOUNS[entity]]]
        entities[entity] = ("_entities", {"representations": of})
    return {
        **{name: (name, {}) for name in ("me", "mySessions", "signInOptions", "users", "apiKeys", "teams", "roles")},
        **{name: (name, {"id": ids[name][0]}) for name in ("user", "apiKey", "team")},
        "role": ("role", {"name": ids["role"][0]}),
        "sessions": ("sessions", {"userId": ids["user"][0]}),
        "userChanges": ("userChanges", {"after": start, "first": 100}),
        "identityAuditLog": ("identityAuditLog", {"first": 100}),
        **entities,
    }


def test_every_root_query_is_asked() -> None:
    asked_for = asked({noun: ["x"] for noun in NOUNS.values()}, "")
    assert roots(SCHEMA) == {root for root, _ in asked_for.values()}


async def test_every_query_costs_the_same_for_more_and_is_indexed(
    client: SubgraphClient, mongo: Mongo, clock: ManualClock, admin: Actor
) -> None:
    start = (await client.query("{ userChanges { cursor } }", by=admin)).data["userChanges"]["cursor"]
    ids: dict[str, list[str]] = {noun: [] for noun in NOUNS.values()}

    async def make(mutation: str, noun: str, given: dict[str, Any], key: str = "id") -> None:
        made = await client.mutate(mutation, f"{noun} {{ {key} }}", given, by=admin)
        assert made["userErrors"] == [], made
        ids[noun].append(made[noun][key])

    async def grow(size: int) -> dict[str, Cost]:
        """Teams below the first, users in it and below the first, roles and keys; what every query costs."""
        for number in range(len(ids["user"]), size):
            parent, boss = (next(iter(ids[noun]), None) for noun in ("team", "user"))
            await make("createTeam", "team", {"name": f"T {number}", "parentId": parent})
            person = {"email": f"{number}@example.com", "name": f"U {number}", "role": "SALES"}
            await make("createUser", "user", {**person, "teamId": ids["team"][0], "managerId": boss})
            grants = [{"type": "Customer", "verb": "READ", "reach": "ALL"}]
            await make("createRole", "role", {"name": f"ROLE_{number}", "label": "R", "grants": grants}, "name")
            await make("createApiKey", "apiKey", {"name": f"K {number}"})
        await number_events(OutboxStore(mongo.database, source="/rapport/identity", clock=clock))
        return {
            name: await cost(client, document(SCHEMA, root, given), given, by=admin)
            for name, (root, given) in asked(ids, start).items()
        }

    few, many = await grow(FEW), await grow(MANY)
    check_costs(few, many, await indexes(mongo), more=MANY - FEW, lists=LISTS, whole=WHOLE)
