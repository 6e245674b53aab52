"""No door and no field without a row in the table; and the doors that are no type's own."""

from typing import Any

import pytest
from graphql import OperationType, value_from_ast_untyped
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
    known |= {("TagGroup", "tags"), ("Segment", "members")}
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
        if TABLE.acts_as(role) in allowed:
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


def directives(field: Any) -> dict[str, list[Any]]:
    """The access directives of a field, with the values of their one argument."""
    found = {
        each.name.value: [value_from_ast_untyped(given.value) for given in each.arguments or ()]
        for each in field.directives or ()
    }
    return {name: values for name, values in found.items() if name in {"authenticated", "requiresScopes", "policy"}}


@pytest.mark.parametrize("schema", SERVICES)
def test_the_sdl_says_who_may_pass(schema: ServiceSchema) -> None:
    kept = rows(schema.service)
    for root in ROOTS:
        for name in schema.fields(root).keys() - FEDERATION:
            said = directives(schema.fields(root)[name])
            assert ("authenticated" in said) == (name not in kept.get("open", ())), name
            assert said.get("requiresScopes") == ([[["person"]]] if name in kept.get("persons", ()) else None), name
    for type_name in schema.entities:
        definition = schema.definitions[type_name]
        guarded = "authenticated" in directives(definition)
        for name, field in schema.fields(type_name).items():
            # What a sign-in answers with is seen without a token.
            seen = type_name == "User" and (schema.service == "identity" or name == "id")
            assert (guarded or "authenticated" in directives(field)) != seen, (type_name, name)


def policies() -> dict[str, tuple[str, str, str]]:
    """Every policy that is asked for, by field: the policy, its type and its verb."""
    found = {}
    for schema in schemas().values():
        for root in ROOTS:
            for name, field in schema.fields(root).items():
                for [[policy]] in directives(field).get("policy", ()):
                    found[name] = (policy, *policy.split(":"))
    return found


def may_pass(field: str, type_name: str, verb: str) -> set[str]:
    """The roles that the table lets through a door."""
    for row in TABLE.raw["other_doors"].values():
        if field in row.get("only", {}):
            return set(row["only"][field])
    return {role for role, verbs in TABLE.rights[type_name].items() if verbs[verb] != "-"}


async def test_a_policy_is_satisfied_by_whoever_may_pass(world: World) -> None:
    url = world.admin.doors.url("identity").replace("/graphql", "/policies")
    asked = policies()
    assert len(asked) >= 15
    for role, person in world.people.items():
        body = {"policies": sorted({policy for policy, _, _ in asked.values()})}
        headers = {"authorization": await person.bearer()}
        async with person.doors.http.post(url, json=body, headers=headers) as response:
            satisfied = (await response.json())["policies"]
        for field, (policy, type_name, verb) in asked.items():
            passes = may_pass(field, type_name, verb)
            assert satisfied[policy] or not {role, TABLE.acts_as(role)} & passes, (role, field)


@pytest.mark.parametrize("target", ["subgraph", GATEWAY])
async def test_what_an_api_key_has_no_say_in(world: World, target: str) -> None:
    for key in TABLE.keys:
        for service, row in TABLE.raw["other_doors"].items():
            for name in row.get("persons", ()):
                door = GATEWAY if target == GATEWAY else service
                answer = await world.people[key].ask(door, *operation(schemas()[service], "Mutation", name))
                assert _is_refused(answer), (key, name, answer)
                refusals = codes(answer) or {"FORBIDDEN"}
                assert refusals == {"UNAUTHORIZED_FIELD_OR_TYPE" if target == GATEWAY else "FORBIDDEN"}
