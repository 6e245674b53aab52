"""Every role, every verb, every type, everybody's records, at every door: as the table says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from rights_callers import GATEWAY, Heard, Person
from rights_schema import schemas
from rights_table import TypeDoors, table
from rights_world import World
from waiting import eventually

TABLE = table()
TYPES = list(TABLE.types.values())
NODES = [each for each in TYPES if each.node]
CELLS = {"count": 0}


@pytest.fixture(params=TABLE.roles)
def role(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def person(world: World, role: str) -> Person:
    return world.people[role]


def check(world: World, role: str, of_type: TypeDoors, door: str, seen: set[str]) -> None:
    """Each record of the type is one cell: seen here, or not."""
    assert seen == world.expected(role, of_type.name), (role, of_type.name, door)
    CELLS["count"] += len(world.records[of_type.name])


async def test_single_records(world: World, role: str, person: Person) -> None:
    for of_type in NODES:
        records = world.records[of_type.name].values()
        fields = " ".join(f'n{n}: {of_type.node}(id: "{identifier}") {{ id }}' for n, identifier in enumerate(records))
        for target in (of_type.service, GATEWAY):
            found = (await person.data(target, f"{{ {fields} }}")).values()
            check(world, role, of_type, f"{target} node", {node["id"] for node in found if node is not None})


async def test_lists_counts_and_searches(world: World, role: str, person: Person) -> None:
    for of_type in TYPES:
        records = list(world.records[of_type.name].values())
        for target in (of_type.service, GATEWAY):
            document = f"""query($of: [ID!]!) {{
              {of_type.list}(first: 100, filter: {{id: {{in: $of}}}}) {{
                totalCount nodes {{ id }} edges {{ node {{ id }} }}
              }}
            }}"""
            found = (await person.data(target, document, {"of": records}))[of_type.list]
            check(world, role, of_type, f"{target} list", {node["id"] for node in found["nodes"]})
            check(world, role, of_type, f"{target} edges", {edge["node"]["id"] for edge in found["edges"]})
            assert found["totalCount"] == len(world.expected(role, of_type.name)), (role, of_type.name, target)
            if of_type.search:
                document = f'{{ {of_type.list}(first: 100, search: "{world.mark}") {{ totalCount nodes {{ id }} }} }}'
                found = (await person.data(target, document))[of_type.list]
                ours = {node["id"] for node in found["nodes"]} & set(records)
                check(world, role, of_type, f"{target} search", ours)


async def test_entities(world: World, role: str, person: Person) -> None:
    for of_type in TYPES:
        of = [{"__typename": of_type.name, "id": identifier} for identifier in world.records[of_type.name].values()]
        document = (
            f"query($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on {of_type.name} {{ id version }} }} }}"
        )
        found = (await person.data(of_type.service, document, {"of": of}))["_entities"]
        check(world, role, of_type, "_entities", {node["id"] for node in found if node is not None})


async def test_lists_below_others(world: World, role: str, person: Person) -> None:
    """What hangs on customers and users, asked of a subgraph that is handed any parent, and through the gateway."""
    for of_type in TYPES:
        for parent, field in of_type.below.items():
            parents = world.records["Customer"].values() if parent == "Customer" else world.owners.values()
            of = [{"__typename": parent, "id": identifier} for identifier in parents]
            listed = f"... on {parent} {{ {field}(first: 100) {{ totalCount nodes {{ id }} }} }}"
            document = f"query($of: [_Any!]!) {{ _entities(representations: $of) {{ {listed} }} }}"
            found = (await person.data(of_type.service, document, {"of": of}))["_entities"]
            lists = [node[field] for node in found if node is not None]
            ours = {node["id"] for each in lists for node in each["nodes"]} & set(world.records[of_type.name].values())
            if of_type.service == "customers" and parent == "Customer":
                # Here the parent itself is resolved first: whoever does not see the customer sees nothing below it.
                visible = {
                    owner for owner, key in world.records["Customer"].items() if key in world.expected(role, parent)
                }
                known = {key for owner, key in world.records[of_type.name].items() if owner in visible}
                assert ours == world.expected(role, of_type.name) & known, (role, of_type.name)
            else:
                check(world, role, of_type, f"below {parent}", ours)
            assert sum(each["totalCount"] for each in lists) >= len(ours)
            assert all(each["totalCount"] == len(each["nodes"]) for each in lists)


def change_outcome(world: World, role: str, verb: str, of_type: TypeDoors, owner: str, unknown: str) -> str:
    """What a change of a version that never was is answered with: out of sight, as if there were no such record."""
    relation = world.relation(role, owner)
    if not TABLE.allows(role, "READ", of_type.name, relation):
        return unknown
    return "VERSION_CONFLICT" if TABLE.allows(role, verb, of_type.name, relation) else "FORBIDDEN"


def changes(world: World) -> list[tuple[TypeDoors, str, str, dict[str, Any]]]:
    """Every mutation of a record that there is: type, verb, field, and what it is given besides its id."""
    found = [
        (of_type, verb, field, given)
        for of_type in TYPES
        for verb, (field, given) in of_type.mutations.items()
        if verb != "CREATE"
    ]
    for service, rows in TABLE.raw["other_doors"].items():
        for field, (type_name, verb) in rows.get("changes", {}).items():
            schema = schemas()[service]
            given = schema.least(str(schema.input_of(field)))
            known = {"assigneeId": world.owners["mate"]} if "assigneeId" in given else {}
            found.append((TABLE.types[type_name], verb, field, given | known))
    return found


def never_made(identifier: str) -> str:
    """An id of that kind that no record has: of the year 1970."""
    return f"{identifier.partition('_')[0]}_{'0' * 26}"


@pytest.mark.parametrize("target", ["subgraph", GATEWAY])
async def test_changes(world: World, role: str, person: Person, target: str) -> None:
    for of_type, verb, field, given in changes(world):
        records = world.records[of_type.name]
        keys = [*records.values(), never_made(next(iter(records.values())))]
        calls = [(field, {**given, "id": key, "expectedVersion": 999_999}) for key in keys]
        door = GATEWAY if target == GATEWAY else of_type.service
        payloads = await person.mutate(door, "__typename", calls)
        *codes, unknown = [payload["userErrors"][0]["code"] for payload in payloads]
        assert unknown in {"NOT_FOUND", "FORBIDDEN"}
        expected = [change_outcome(world, role, verb, of_type, owner, unknown) for owner in records]
        assert codes == expected, (role, field)
        CELLS["count"] += len(records)


async def test_records_as_they_were(world: World, role: str, person: Person) -> None:
    for rows in TABLE.raw["other_doors"].values():
        for field, type_name in rows.get("as_of", {}).items():
            of_type, records = TABLE.types[type_name], world.records[type_name].values()
            at = 'at: "2100-01-01T00:00:00Z"'
            asked = " ".join(f'n{n}: {field}(id: "{key}", {at}) {{ id }}' for n, key in enumerate(records))
            for target in (of_type.service, GATEWAY):
                found = (await person.data(target, f"{{ {asked} }}")).values()
                check(world, role, of_type, f"{target} {field}", {node["id"] for node in found if node is not None})


async def test_creations(world: World, role: str, person: Person) -> None:
    for of_type in TABLE.owned:
        field, given = of_type.mutations["CREATE"]
        for owner in (role, "mate", "below", "stranger"):
            relation, parent = world.relation(role, owner), world.records["Customer"][owner]
            more = {"number": f"{world.mark}-{role}-{owner}"} if of_type.name == "Order" else {}
            hung_on = parent if of_type.hangs_on == "customerId" else world.owners[owner]
            call = (field, {**given, **more, str(of_type.hangs_on): hung_on})
            [payload] = await person.mutate(of_type.service, "__typename", [call])
            codes = [error["code"] for error in payload["userErrors"]]
            if TABLE.allows(role, "CREATE", of_type.name, relation):
                expected: list[str] = []
            else:
                sees = TABLE.allows(role, "READ", "Customer", relation)
                expected = ["FORBIDDEN" if of_type.hangs_on != "customerId" or sees else "CUSTOMER_NOT_FOUND"]
            assert codes == expected, (role, field, owner)
            CELLS["count"] += 1


async def pulled(by: Person, target: str, of_type: TypeDoors, after: str | None) -> dict[str, Any]:
    """A page of what has changed."""
    document = f"""query($after: String) {{
      {of_type.pulled}(after: $after, first: 100) {{ cursor hasNextPage changes {{ kind id node {{ id }} }} }} }}"""
    page: dict[str, Any] = (await by.data(target, document, {"after": after}))[str(of_type.pulled)]
    return page


async def pulled_ids(by: Person, target: str, of_type: TypeDoors, since: str) -> set[str]:
    """The records that have changed since a cursor."""
    ids: set[str] = set()
    more, cursor = True, since
    while more:
        page = await pulled(by, target, of_type, cursor)
        ids |= {change["id"] for change in page["changes"]}
        more, cursor = page["hasNextPage"], page["cursor"]
    return ids


@pytest.fixture(scope="module")
async def heard(world: World) -> AsyncIterator[dict[tuple[str, str, str], Heard]]:
    """What everybody has heard, at both doors, once every record has changed."""
    live = [of_type for of_type in TYPES if of_type.live]
    sockets: dict[tuple[str, str, str], Heard] = {}
    cursors: dict[tuple[str, str, str], str] = {}
    async with AsyncExitStack() as open_sockets:
        for role, by in world.people.items():
            for of_type in live:
                for target in (of_type.service, GATEWAY):
                    cursor = (await pulled(by, target, of_type, None))["cursor"]
                    listening = by.listening(target, str(of_type.live), cursor)
                    sockets[role, target, of_type.name] = await open_sockets.enter_async_context(listening)
                    cursors[role, target, of_type.name] = cursor
        for of_type in live:
            field = of_type.mutations["UPDATE"][0]
            calls: list[tuple[str, dict[str, Any]]] = [
                (field, {**(of_type.touch or {}), "id": key}) for key in world.records[of_type.name].values()
            ]
            for payload in await world.admin.mutate(of_type.service, "__typename", calls):
                assert payload["userErrors"] == []

        async def all_told() -> bool:
            return all(
                set(world.records[of_type.name].values()) <= heard.ids.get(str(of_type.live), set())
                for (role, _, name), heard in sockets.items()
                for of_type in live
                if role == "ADMIN" and name == of_type.name
            )

        await eventually(all_told)
        await asyncio.sleep(1.0)  # who hears what is not theirs hears it by now, too
        for (role, target, name), since in cursors.items():
            sockets[role, target, name].pulled = await pulled_ids(world.people[role], target, TABLE.types[name], since)
        yield sockets


async def test_subscriptions(world: World, role: str, heard: dict[tuple[str, str, str], Heard]) -> None:
    for (listener, target, type_name), told in heard.items():
        if listener == role:
            of_type = TABLE.types[type_name]
            ours = told.ids.get(str(of_type.live), set()) & set(world.records[type_name].values())
            check(world, role, of_type, f"{target} subscription", ours)
            pulled_ours = told.pulled & set(world.records[type_name].values())
            check(world, role, of_type, f"{target} changes since", pulled_ours)
            assert told.errors == []


@pytest.mark.backing
def test_there_are_enough_cells() -> None:
    """Runs last: what the tests above have compared."""
    assert CELLS["count"] >= 600
