"""What real clients send passes every limit, and what it may cost is counted right."""

from __future__ import annotations

from typing import Any

import pytest
from gateway.tests.crm import CRM, admitted, refusal
from gateway.tests.subgraph_world import LINK, InProcessClient, source
from graphql import get_introspection_query

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Pipeline
from rapport_gateway.supergraph.loader import load_supergraph

PAGE = """
query Page($first: Int!, $after: String) {
  customers(first: $first, after: $after, filter: {and: [{stage: {in: [LEAD, OPPORTUNITY]}}, {not: {deleted: true}}]}) {
    nodes {
      id name phone stage owner { id name }
      interactions(first: 20) { nodes { id content occurredAt author { name } } }
      tasks(first: 20) { nodes { id title status assignee { name } } }
    }
    pageInfo { hasNextPage endCursor } totalCount
  }
}"""


def _batch(size: int) -> str:
    parts = [
        f'm{n}: createCustomer(input: {{kind: PERSON, name: "name {n}", phone: "+8613800000{n:03}", tags: ["a", "b"],'
        f' source: "import", externalId: "x-{n}", idempotencyKey: "k-{n}"}})'
        " { customer { id version } userErrors { code message path } }"
        for n in range(size)
    ]
    return "mutation { " + " ".join(parts) + " }"


def _components(number: int) -> str:
    """As clients built of components ask: each names its fields in a fragment, many name the same ones."""
    spreads = " ".join(f"...C{n}" for n in range(number))
    parts = " ".join(
        f"fragment C{n} on Customer {{ id name stage owner {{ id name }} version }}" for n in range(number)
    )
    return f"{{ customers(first: 20) {{ nodes {{ {spreads} }} }} }} {parts}"


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        (PAGE, {"first": 100}),
        (_batch(20), {}),
        (_batch(50), {}),
        (_components(12), {}),
        (get_introspection_query(input_value_deprecation=True, specified_by_url=True, schema_description=True), {}),
        (
            "{ me { ...F0 } } "
            + " ".join(f"fragment F{n} on User {{ id name manager {{ id }} ...F{n + 1} }}" for n in range(20))
            + " fragment F20 on User { id }",
            {},
        ),
        ("{ me { " + " ".join(f"a{n}: name @include(if: true)" for n in range(100)) + " } }", {}),
        ("subscription { customerChanged { kind id node { id name owner { name } } } }", {}),
        ("query($ids: [ID!]) { customers(filter: {id: {in: $ids}}) { nodes { id } } }", {"ids": ["cus_1"] * 5_000}),
    ],
    ids=[
        "page of 100",
        "20 mutations",
        "50 mutations",
        "components",
        "introspection",
        "fragments in fragments",
        "100 aliases",
        "subscription",
        "5,000 ids",
    ],
)
def test_what_real_clients_send_is_admitted(text: str, variables: dict[str, Any]) -> None:
    admitted(text, variables)


def test_200_fields_over_30_subgraphs_are_admitted() -> None:
    parts = []
    for graph in range(30):
        root = "type Query { x: X }" if graph == 0 else ""
        own = " ".join(f"f{graph}_{n}: Int" for n in range(7))
        parts.append(source(f"g{graph}", f'{LINK}{root} type X @key(fields: "id") {{ id: ID! {own} }}'))
    wide = Pipeline(load_supergraph(compose_supergraph(parts)), InProcessClient({}), metrics=Metrics())
    fields = " ".join(f"f{graph}_{n}" for graph in range(30) for n in range(7))
    assert admitted(f"{{ x {{ {fields} }} }}", by=wide).cost.height == 211


# -- cost


@pytest.mark.parametrize(
    ("text", "variables", "objects"),
    [
        ("{ me { id } }", {}, 1),
        ("{ customers { totalCount } }", {}, 1),
        ("{ customers { nodes { id } } }", {}, 1 + 20),
        (
            "{ customers(first: 3) { nodes { id } edges { node { id } } pageInfo { endCursor } } }",
            {},
            1 + 3 + 3 * 2 + 1,
        ),
        ("{ customers(last: 3, first: null) { nodes { id } } }", {}, 1 + 3),
        ("{ customers(first: -3) { nodes { id } } }", {}, 1),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {"n": 7}, 1 + 7),
        ("query($n: Int) { customers(first: $n) { nodes { id } } }", {}, 1 + 20),
        ("query($n: Int = 5) { customers(first: $n) { nodes { id } } }", {}, 1 + 5),
        ("query($n: Int, $m: Int) { customers(first: $n, last: $m) { nodes { id } } }", {"m": 4}, 1 + 4),
        ("{ customers(first: 10) { nodes { owner { id } tasks(first: 2) { nodes { id } } } } }", {}, 1 + 10 * 5),
        (
            "{ ...F users(first: 2) { nodes { id } } } fragment F on Query { users(first: 2) { edges { cursor } } }",
            {},
            1 + 2 + 2,
        ),
        ("{ a: customers(first: 2) { nodes { id } } b: customers(first: 3) { nodes { id } } }", {}, 2 + 5),
        ("{ __schema { types { name } } }", {}, 0),
        (PAGE, {"first": 100}, 1 + 100 * (1 + 1 + 1 + 40 + 1 + 40) + 1),
    ],
)
def test_the_cost_counts_objects(text: str, variables: dict[str, Any], objects: int) -> None:
    operation = admitted(text, variables)
    coerced = CRM._checked_variables(operation, variables)
    assert operation.cost.objects(coerced) == objects


def test_the_cost_is_checked_with_each_request() -> None:
    asked = "query($n: Int) { customers(first: $n) { nodes { tasks(first: 100) { nodes { id } } } } }"
    admitted(asked, {"n": 90})
    error = refusal(asked, {"n": 100})
    assert error["extensions"] == {"code": "OPERATION_TOO_LARGE", "limit": "cost", "max": 10_000, "actual": 10_201}
    admitted(asked, {"n": 90})
