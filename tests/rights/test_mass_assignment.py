"""What the server alone decides is no part of any input: a client that sends it is refused, and nothing happens."""

from typing import Any

import pytest
from graphql import InputObjectTypeDefinitionNode
from rights_callers import GATEWAY
from rights_schema import ServiceSchema, named, schemas
from rights_table import table
from rights_world import World

SERVER_OWNED: list[str] = table().raw["server_owned"]
# Where such a name is a question or a wish that has rights of its own.
MEANT = {
    ("CreateSavedViewInput", "search"),
    ("ExportCustomersInput", "search"),
    ("UpdateSavedViewInput", "search"),
    ("UpdateProductInput", "active"),
    ("CustomerRuleInput", "createdAt"),
    ("RevertCustomerInput", "version"),
    ("UpdateWebhookInput", "active"),
}
SERVICES = [pytest.param(schema, id=name) for name, schema in schemas().items()]


def inputs_of(schema: ServiceSchema) -> list[str]:
    """The types that mutations are given, and those inside of them; not filters, which ask and set nothing."""
    waiting = [str(schema.input_of(name)) for name in schema.fields("Mutation") if schema.input_of(name)]
    found: list[str] = []
    while waiting:
        name = waiting.pop()
        if name.endswith("Filter"):
            continue
        if name not in found and isinstance(schema.definitions.get(name), InputObjectTypeDefinitionNode):
            found.append(name)
            waiting += [named(field.type) for field in schema.inputs(name).values()]
    return found


@pytest.mark.parametrize("schema", SERVICES)
def test_no_input_has_a_field_that_the_server_owns(schema: ServiceSchema) -> None:
    for input_type in inputs_of(schema):
        owned = {name for name in schema.inputs(input_type) if name in SERVER_OWNED}
        assert {(input_type, name) for name in owned} <= MEANT


@pytest.mark.parametrize("schema", SERVICES)
@pytest.mark.parametrize("target", ["subgraph", GATEWAY])
async def test_a_field_that_the_server_owns_is_refused(world: World, schema: ServiceSchema, target: str) -> None:
    door = GATEWAY if target == GATEWAY else schema.service
    for mutation in schema.fields("Mutation"):
        input_type = schema.input_of(mutation)
        if input_type is None:
            continue
        foreign = [name for name in SERVER_OWNED if (input_type, name) not in MEANT]
        given: dict[str, Any] = {**schema.least(input_type), **dict.fromkeys(foreign, 1)}
        document = f"mutation($input: {input_type}!) {{ {mutation}(input: $input) {{ __typename }} }}"
        answer = await world.admin.ask(door, document, {"input": given})
        assert not answer.get("data"), mutation
        assert {error["extensions"]["code"] for error in answer["errors"]} == {"BAD_USER_INPUT"}, mutation
        said = " ".join(error["message"] for error in answer["errors"])
        assert {name for name in foreign if f"'{name}'" not in said} == set(), mutation
