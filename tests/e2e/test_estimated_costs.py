"""What the gateway reckons that an operation may cost is never less than what the running system answers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_variable_values,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)
from staff import Staff

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.errors import RequestRefused
from rapport_gateway.limits.limits import Limits
from rapport_gateway.operations import prepare
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.loader import load_supergraph

ROOT = Path(__file__).parents[2]
EXAMPLES = {
    name: (ROOT / "docs" / "examples" / "queries" / f"{name}.graphql").read_text(encoding="utf-8")
    for name in ("customers", "search")
}
SUPERGRAPH = load_supergraph(
    compose_supergraph(
        [
            SubgraphSource(path.parent.name, f"http://{path.parent.name}", path.read_text(encoding="utf-8"))
            for path in sorted((ROOT / "services").glob("*/schema.graphql"))
        ]
    )
)
MAX_COST = 10_000  # as the running system has it


def estimate(text: str) -> int:
    """With the defaults of the operation's variables. Raises RequestRefused."""
    operation = prepare(SUPERGRAPH, text, None)
    definitions = operation.definition.variable_definitions or ()
    values = get_variable_values(SUPERGRAPH.api_schema, definitions, {})
    assert not isinstance(values, list), values
    return operation.cost.objects(values.coerced)


def objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(objects, value))
    return 1 + sum(map(objects, value.values())) if isinstance(value, dict) else 0


def selection(schema: GraphQLSchema, type_: GraphQLNamedType, depth: int) -> str:
    """All objects below one of the type, as far as that needs no arguments."""
    wider = list(objects_of(type_)) if depth and not is_abstract_type(type_) else []
    inner = [f"{name} {selection(schema, get_named_type(field.type), depth - 1)}" for name, field in wider]
    return f"{{ __typename {' '.join(inner)} }}"


def objects_of(type_: GraphQLNamedType) -> Iterator[tuple[str, GraphQLField]]:
    assert isinstance(type_, GraphQLObjectType)
    for name, field in type_.fields.items():
        if is_composite_type(get_named_type(field.type)) and not any(map(is_required_argument, field.args.values())):
            yield name, field


def broad_queries() -> Iterator[tuple[str, str]]:
    """For each root field, by its name, everything below it, as deep as the limits allow."""
    schema = SUPERGRAPH.api_schema
    assert schema.query_type is not None
    for name, field in objects_of(schema.query_type):
        sliced = "(first: 3)" if "first" in field.args else ""
        for depth in (4, 3, 2, 1):
            text = f"{{ {name}{sliced} {selection(schema, get_named_type(field.type), depth)} }}"
            try:
                if estimate(text) <= MAX_COST:
                    yield name, text
                    break
            except RequestRefused:
                continue


async def answered(admin: Staff, text: str) -> Any:
    """The answer of the gateway; a part of it that the caller may not have is null there."""
    headers = {"authorization": f"Bearer {admin.access_token}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.post(admin.gateway, json={"query": text}) as got:
        return await got.json()


@pytest.fixture(name="customer")
async def _customer(admin: Staff) -> str:
    """One with several of what is listed below it."""
    made = await admin.do("createCustomer", "customer { id }", kind="COMPANY", name="Broad & Sons")
    customer: str = made["customer"]["id"]
    for number in range(4):
        await admin.do("createTask", "task { id }", title=f"Task {number}", customerId=customer)
    return customer


def test_limits_are_those_that_the_estimate_goes_by() -> None:
    assert Limits().assumed_list_size == 20


@pytest.mark.parametrize("name", EXAMPLES)
async def test_of_the_example_queries(admin: Staff, customer: str, name: str) -> None:
    text = EXAMPLES[name]
    answer = await answered(admin, text)
    assert "errors" not in answer
    assert 0 < objects(answer["data"]) - 1 <= estimate(text) <= MAX_COST


async def test_of_everything_that_can_be_listed(admin: Staff, customer: str) -> None:
    seen = 0
    too_low: dict[str, str] = {}
    for name, text in broad_queries():
        answer = await answered(admin, text)
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert "OPERATION_TOO_LARGE" not in codes, text
        actual = objects(answer.get("data")) - 1
        if actual > estimate(text):
            too_low[name] = f"{actual} objects, estimated {estimate(text)}"
        seen += actual
    assert too_low == {}
    assert seen > 100
