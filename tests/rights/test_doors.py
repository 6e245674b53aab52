"""No door and no field without a row in the table; and the doors that are no type's own."""

from typing import Any

import pytest
from graphql import OperationType
from rights_callers import GATEWAY, Doors, Person
from rights_schema import ROOTS, ServiceSchema, named, schemas
from rights_table import table
from rights_world import World

TABLE = table()
FEDERATION = {"_entities", "_service"}
SERVICES = [pytest.param(schema, id=name) for name, schema in schemas().items()]
REFUSED = {"FORBIDDEN", "NOT_FOUND", "SESSION_NOT_FOUND", "UNAUTHORIZED_FIELD_OR_TYPE"}  # the last by the gateway


def rows(service: str) -> dict[str, Any]:
    found: dict[str, Any] = TABLE.raw["other_doors"].get(service, {})
    return found


def doors_of_types(service: str) -> set[str | None]:
    doors: set[str | None] = set()
    for of_type in TABLE.types.values():
        if of_type.service == service:
            doors |= {of_type.list, of_type.node, of_type.live, of_type.pulled} - {None}
            doors |= {field for field, _ in of_type.mutations.values()}
    return doors


@pytest.mark.parametrize("schema", SERVICES)
def test_every_root_field_has_a_row(schema: ServiceSchema) -> None:
    declared = {name for root in ROOTS for name in schema.fields(root)} - FEDERATION
    kept = rows(schema.service)
    known = doors_of_types(schema.service).union(*(set(kept.get(kind, ())) for kind in kept))
    assert declared == known


@pytest.mark.parametrize("schema", SERVICES)
def test_every_field_of_every_entity_has_a_row(schema: ServiceSchema) -> None:
    for type_name in schema.entities:
        row = TABLE.raw["fields"].get(type_name, {})
        known = {name for kind in ("hidden", "set", "open") for name in row.get(kind, ())}
        assert set(schema.fields(type_name)) <= known, type_name


def test_every_row_is_about_a_field() -> None:
    declared: dict[str, set[str]] = {}
    for schema in schemas().values():
        for type_name in schema.entities:
            declared.setdefault(type_name, set()).update(schema.fields(type_name))
    for type_name, row in TABLE.raw["fields"].items():
        for kind in ("hidden", "open"):
            assert set(row.get(kind, ())) <= declared[type_name], (type_name, kind)


@pytest.mark.parametrize("schema", SERVICES)
def test_what_can_be_hidden_can_be_null(schema: ServiceSchema) -> None:
    for type_name in schema.entities:
        fields = schema.fields(type_name)
        hidden = set(TABLE.raw["fields"][type_name].get("hidden", ())) & fields.keys()
        assert not hidden or "hiddenFields" in fields, type_name
        assert {name for name in hidden if fields[name].type.kind == "non_null_type"} == set(), type_name


@pytest.mark.parametrize("schema", SERVICES)
def test_every_list_below_another_type_has_a_row(schema: ServiceSchema) -> None:
    below = {(parent, field) for doors in TABLE.types.values() for parent, field in doors.below.items()}
    known = below | {("User", "customers"), ("Team", "members"), ("Customer", "history"), ("Webhook", "deliveries")}
    for type_name in schema.entities:
        fields = schema.fields(type_name).items()
        lists = {name for name, field in fields if field.arguments and named(field.type).endswith("Connection")}
        assert {(type_name, name) for name in lists} <= known


@pytest.mark.parametrize("schema", SERVICES)
@pytest.mark.parametrize("target", ["subgraph", GATEWAY])
async def test_nothing_but_what_is_open_answers_strangers(doors: Doors, schema: ServiceSchema, target: str) -> None:
    stranger = Person("", "", "", doors)
    door = GATEWAY if target == GATEWAY else schema.service
    for root in ("Query", "Mutation"):
        for name in schema.fields(root).keys() - FEDERATION - set(rows(schema.service).get("open", ())):
            document, variables = operation(schema, root, name)
            answer = await stranger.ask(door, document, variables)
            assert codes(answer) == {"UNAUTHENTICATED"}, (name, answer)


def codes(answer: dict[str, Any]) -> set[str]:
    return {error["extensions"]["code"] for error in answer.get("errors", ())}


def operation(schema: ServiceSchema, root: str, name: str, **given: Any) -> tuple[str, dict[str, Any]]:
    """The least operation of a root field; ``given`` takes the place of what it would ask with."""
    field = schema.fields(root)[name]
    arguments = {each.name.value: each for each in field.arguments or ()}
    wanted = {key: each for key, each in arguments.items() if each.type.kind == "non_null_type" or key == "input"}
    variables = {key: given.get(key, schema.value(each.type)) for key, each in wanted.items()}
    declared = ", ".join(f"${key}: {_text(each.type)}" for key, each in wanted.items())
    passed = ", ".join(f"{key}: ${key}" for key in wanted)
    keyword = OperationType.MUTATION.value if root == "Mutation" else OperationType.QUERY.value
    selection = _selection(schema, named(field.type))
    return (
        f"{keyword}{f'({declared})' if wanted else ''} {{ {name}{f'({passed})' if wanted else ''} {selection} }}",
        variables,
    )


def _text(kind: Any) -> str:
    if kind.kind == "non_null_type":
        return f"{_text(kind.type)}!"
    return f"[{_text(kind.type)}]" if kind.kind == "list_type" else str(kind.name.value)


def _selection(schema: ServiceSchema, type_name: str) -> str:
    fields = schema.fields(type_name)
    if not fields:
        return ""
    if "userErrors" in fields:
        return "{ userErrors { code path } }"
    return "{ totalCount }" if "totalCount" in fields else "{ __typename }"


ONLY = [(service, name) for service, row in TABLE.raw["other_doors"].items() for name in row.get("only", ())]


@pytest.mark.parametrize(("service", "name"), ONLY)
@pytest.mark.parametrize("target", ["subgraph", GATEWAY])
async def test_doors_for_some_roles_only(world: World, service: str, name: str, target: str) -> None:
    schema, allowed = schemas()[service], rows(service)["only"][name]
    root = next(root for root in ROOTS if name in schema.fields(root))
    for role, person in world.people.items():
        if role in allowed:
            continue
        given: dict[str, Any] = {"userId": world.admin.id}
        if root == "Mutation" and (input_type := schema.input_of(name)):
            given["input"] = {**schema.least(input_type), **_real(world, schema, name, input_type)}
        document, variables = operation(schema, root, name, **given)
        answer = await person.ask(GATEWAY if target == GATEWAY else service, document, variables)
        assert _is_refused(answer), (role, answer)


def _real(world: World, schema: ServiceSchema, name: str, input_type: str) -> dict[str, str]:
    """The id of a record that there is, where the mutation changes one."""
    records = world.records.get(schema.changed_type(name) or "")
    names = schema.inputs(input_type)
    real = {"id": records["stranger"]} if records and "id" in names else {}
    others = {"userId": world.admin.id, "customerId": world.records["Customer"]["stranger"]}
    return real | {key: value for key, value in others.items() if key in names}


def _is_refused(answer: dict[str, Any]) -> bool:
    if "errors" in answer:
        return codes(answer) <= REFUSED
    (said,) = answer["data"].values()
    if isinstance(said, dict) and "userErrors" in said:
        return bool(said["userErrors"]) and {error["code"] for error in said["userErrors"]} <= REFUSED
    return not said or said == {"totalCount": 0}
