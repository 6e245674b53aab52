"""Every field that can be hidden, at every door; every field that can be kept from being set, by every input path."""

from typing import Any

import pytest
from pydantic.alias_generators import to_snake
from rights_callers import GATEWAY, Person, mutations
from rights_schema import ServiceSchema, named, schemas
from rights_table import TypeDoors, table
from rights_world import World, make_role, newcomer
from waiting import eventually

TABLE = table()
FIELDS: dict[str, dict[str, list[str]]] = TABLE.raw["fields"]
HIDING = [of_type for of_type in TABLE.types.values() if FIELDS[of_type.name].get("hidden")]
KINDS = {"masked": "MASK", "reading": "READ"}


def rules(kind: str) -> list[dict[str, str]]:
    """Everything that can be hidden is hidden, or everything that can be set is only to be read."""
    rows = [(of_type.name, FIELDS[of_type.name]) for of_type in HIDING]
    return [
        {"type": type_name, "field": field, "right": KINDS[kind]}
        for type_name, row in rows
        for field in (row["hidden"] if kind == "masked" else row["hidden"] + row["set"])
    ]


async def somebody(world: World, kind: str) -> Person:
    name = f"{world.mark.upper()}_{kind.upper()}"
    await make_role(world.admin, name, "ALL", rules(kind))
    by = await newcomer(world.admin, kind, None, name, world.mark)

    async def known() -> bool:
        for of_type in HIDING:
            found = (await entities(by, of_type, world, "hiddenFields"))[0]
            if found is None or (kind == "masked") != bool(found["hiddenFields"]):
                return False
        return True

    await eventually(known)
    return by


@pytest.fixture(scope="module")
async def masked(world: World) -> Person:
    return await somebody(world, "masked")


@pytest.fixture(scope="module")
async def reading(world: World) -> Person:
    return await somebody(world, "reading")


async def entities(by: Person, of_type: TypeDoors, world: World, selection: str) -> list[Any]:
    key = next(iter(world.records[of_type.name].values()))
    of = [{"__typename": of_type.name, "id": key}]
    document = (
        f"query($of: [_Any!]!) {{ _entities(representations: $of) {{ ... on {of_type.name} {{ {selection} }} }} }}"
    )
    found: list[Any] = (await by.data(of_type.service, document, {"of": of}))["_entities"]
    return found


def selection_of(schema: ServiceSchema, of_type: TypeDoors) -> str:
    """All that can be hidden, and what is."""
    parts = ["hiddenFields"]
    for name in FIELDS[of_type.name]["hidden"]:
        below = schema.fields(named(schema.fields(of_type.name)[name].type))
        parts.append(f"{name} {{ __typename }}" if below else name)
    return " ".join(parts)


def nulls(of_type: TypeDoors) -> dict[str, Any]:
    names = FIELDS[of_type.name]["hidden"]
    return {**dict.fromkeys(names), "hiddenFields": sorted(names)}


@pytest.mark.parametrize("of_type", HIDING, ids=lambda of_type: of_type.name)
async def test_hidden_fields_are_null_and_listed(world: World, masked: Person, of_type: TypeDoors) -> None:
    wanted = selection_of(schemas()[of_type.service], of_type)
    key = next(iter(world.records[of_type.name].values()))
    assert await entities(masked, of_type, world, wanted) == [nulls(of_type)]
    for target in (of_type.service, GATEWAY):
        document = f"""query($id: ID!) {{
          {of_type.node}(id: $id) {{ {wanted} }}
          {of_type.list}(filter: {{id: {{eq: $id}}}}) {{ nodes {{ {wanted} }} edges {{ node {{ {wanted} }} }} }}
        }}"""
        found = await masked.data(target, document, {"id": key})
        listed = found[of_type.list]
        assert found[str(of_type.node)] == listed["nodes"][0] == listed["edges"][0]["node"] == nulls(of_type)
        field, given = of_type.mutations["UPDATE"]
        stale = {**_settable(of_type, given), "id": key, "expectedVersion": 999_999}
        noun = of_type.name[0].lower() + of_type.name[1:]
        [conflict] = await masked.mutate(target, f"{noun} {{ {wanted} }}", [(field, stale)])
        if conflict["userErrors"][0]["code"] == "VERSION_CONFLICT":  # its payload has the current record
            assert conflict[noun] == nulls(of_type)


def _settable(of_type: TypeDoors, given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in FIELDS[of_type.name]["hidden"]}


@pytest.mark.parametrize("of_type", HIDING, ids=lambda of_type: of_type.name)
@pytest.mark.parametrize("target", ["subgraph", GATEWAY])
async def test_nothing_is_asked_by_a_hidden_field(masked: Person, of_type: TypeDoors, target: str) -> None:
    schema, hidden = schemas()[of_type.service], FIELDS[of_type.name]["hidden"]
    door = GATEWAY if target == GATEWAY else of_type.service
    filters = [name for name in schema.inputs(f"{of_type.name}Filter") if name in hidden]
    keys = [
        key for key in schema.values(f"{of_type.name}OrderField") if key in {to_snake(name).upper() for name in hidden}
    ]
    asked = [f"filter: {{{name}: {{isNull: true}}}}" for name in filters]
    asked += [f"filter: {{not: {{or: [{{{name}: {{isNull: true}}}}]}}}}" for name in filters]
    asked += [f"orderBy: [{{field: {key}}}]" for key in keys]
    for arguments in asked:
        answer = await masked.ask(door, f"{{ {of_type.list}({arguments}) {{ totalCount }} }}")
        assert [error["extensions"]["code"] for error in answer.get("errors", ())] == ["FORBIDDEN_FIELD"], arguments


def paths_to(of_type: TypeDoors, kinds: tuple[str, ...]) -> list[tuple[str, str]]:
    """Every mutation of the type's records, with each of those fields that it can be given."""
    schema = schemas()[of_type.service]
    restricted = {name for kind in kinds for name in FIELDS[of_type.name].get(kind, ())}
    return [
        (mutation, name)
        for mutation in schema.fields("Mutation")
        if schema.changed_type(mutation) == of_type.name
        for name in schema.inputs(str(schema.input_of(mutation)))
        if name in restricted and f"{mutation}.{name}" not in TABLE.raw["other_meaning"]
    ]


async def check_refused(world: World, by: Person, of_type: TypeDoors, kinds: tuple[str, ...]) -> None:
    schema, paths = schemas()[of_type.service], paths_to(of_type, kinds)
    assert paths
    key = next(iter(world.records[of_type.name].values()))
    calls = []
    for mutation, name in paths:
        input_type = str(schema.input_of(mutation))
        given = {**schema.least(input_type), name: schema.value(schema.inputs(input_type)[name].type)}
        calls.append((mutation, {**given, "id": key} if "id" in given else given))
    before = await entities(world.admin, of_type, world, "version")
    for target in (of_type.service, GATEWAY):
        for path, call in zip(paths, calls, strict=True):
            answer = await by.ask(target, *mutations("__typename", [call]))
            errors = answer["data"]["m0"]["userErrors"]
            assert [error["code"] for error in errors] == ["FORBIDDEN_FIELD"], (path, answer)
    assert await entities(world.admin, of_type, world, "version") == before


@pytest.mark.parametrize("of_type", HIDING, ids=lambda of_type: of_type.name)
async def test_hidden_fields_are_not_set(world: World, masked: Person, of_type: TypeDoors) -> None:
    await check_refused(world, masked, of_type, ("hidden",))


@pytest.mark.parametrize("of_type", HIDING, ids=lambda of_type: of_type.name)
async def test_read_only_fields_are_not_set(world: World, reading: Person, of_type: TypeDoors) -> None:
    await check_refused(world, reading, of_type, ("hidden", "set"))


HISTORY = """
query($id: ID!, $at: DateTime!) {
  customer(id: $id) { history(first: 100) { nodes { changes { field before after } } } }
  customerAsOf(id: $id, at: $at) { name phone }
  lateCustomerChanges(first: 100) { nodes { changes { field before after } } }
}"""


async def test_what_a_hidden_field_once_was_is_hidden_too(world: World, masked: Person) -> None:
    key, was = next(iter(world.records["Customer"].values())), "+8613912345678"
    for phone in (was, None):
        [changed] = await world.admin.mutate(
            "customers", "__typename", [("updateCustomer", {"id": key, "phone": phone})]
        )
        assert changed["userErrors"] == []
    asked = {"id": key, "at": "2100-01-01T00:00:00Z"}
    assert was in str(await world.admin.ask("customers", HISTORY, asked))
    for target in ("customers", GATEWAY):
        answer = await masked.ask(target, HISTORY, asked)
        assert "customer" in answer["data"]
        assert was not in str(answer)
