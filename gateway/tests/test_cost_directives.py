"""`@cost` and `@listSize` in the estimate, which is never less than what the answer holds."""

from __future__ import annotations

import re
from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, Entities, Federation, Subgraph

from rapport_gateway.errors import RequestRefused
from rapport_gateway.limits.limits import Limits
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.supergraph.loader import load_supergraph

SHOP = """
type Query {
  plain(first: Int): [Item!]!
  assumed: [Item!]! @listSize(assumedSize: 7)
  sliced(count: Int, other: Int): [Item!]! @listSize(slicingArguments: ["count", "other"])
  either(count: Int, other: Int): [Item!]!
    @listSize(slicingArguments: ["count", "other"], assumedSize: 4, requireOneSlicingArgument: false)
  defaulted(count: Int = 3): [Item!]! @listSize(slicingArguments: ["count"])
  connected(size: Int!): Connection! @listSize(slicingArguments: ["size"], sizedFields: ["items"])
  dear(mode: Mode @cost(weight: 9)): Item @cost(weight: 5)
  measured: [Reading!]! @listSize(assumedSize: 10)
}
type Connection { items: [Item!]! tags: [Tag!]! total: Int }
type Tag { name: String }
type Item @key(fields: "id") { id: ID! score: Int @cost(weight: 3) parts(first: Int = 2): [Item!]! }
type Reading @cost(weight: 2) { value: Heavy }
scalar Heavy @cost(weight: 4)
enum Mode { ONE @deprecated TWO }
"""
MORE = """
type Item @key(fields: "id") @cost(weight: 6) { id: ID! name: String related(first: Int!): [Item!]! }
"""


def _items(number: Any) -> list[dict[str, Any]]:
    return [_item(str(index)) for index in range(number or 0)]


def _item(key: str) -> dict[str, Any]:
    return {
        "__typename": "Item",
        "id": key,
        "score": 1,
        "name": f"item {key}",
        "parts": _items_of,
        "related": _items_of,
    }


def _items_of(first: int) -> list[dict[str, Any]]:
    return _items(first)


ROOT: dict[str, Any] = {
    "plain": lambda first=None: _items(20 if first is None else first),
    "assumed": lambda: _items(7),
    "sliced": lambda count=None, other=None: _items(count or other),
    "either": lambda count=None, other=None: _items(max(count or 0, other or 0) or 4),
    "defaulted": lambda count: _items(number=count),
    "connected": lambda size: {"items": _items(size), "tags": [{"name": "a"}] * 20, "total": size},
    "dear": lambda mode=None: _item("1"),
    "measured": lambda: [{"value": 1}] * 10,
}


def federation(shop: str = SHOP, more: str = MORE, *, max_cost: int = 1_000_000) -> Federation:
    entities: Entities = {"Item": lambda item: _item(item["id"])}
    made = Federation(shop=Subgraph(LINK + shop, ROOT, entities), more=Subgraph(LINK + more, {}, entities))
    limits = Limits(max_cost=max_cost)
    made.pipeline = Pipeline(made.supergraph, made.client, metrics=Metrics(), limits=limits)
    return made


WEIGHED = federation()
WEIGHTLESS = federation(re.sub(r" @cost\(weight: \d+\)", "", SHOP), MORE.replace(" @cost(weight: 6)", ""))


def estimate(by: Federation, query: str, variables: dict[str, Any] | None = None) -> int:
    operation = by.pipeline.prepare(GraphQLRequest(query, None, variables or {}, {}))
    return operation.cost.objects(by.pipeline._checked_variables(operation, variables or {}))


@pytest.mark.parametrize(
    ("query", "variables", "cost"),
    [
        ("{ assumed { id } }", {}, 7 * 6),
        ("{ sliced(count: 5) { id } }", {}, 5 * 6),
        ("query($n: Int) { sliced(count: $n) { id } }", {"n": 8}, 8 * 6),
        ("query($n: Int) { sliced(count: $n) { id } }", {}, 20 * 6),
        ("{ either { id } }", {}, 4 * 6),
        ("{ either(count: 2, other: 9) { id } }", {}, 9 * 6),
        ("query($n: Int, $m: Int) { either(count: $n, other: $m) { id } }", {"n": 2, "m": 3}, 3 * 6),
        ("query($n: Int) { either(count: $n) { id } }", {}, 4 * 6),
        ("{ defaulted { id } }", {}, 3 * 6),
        ("{ connected(size: 5) { items { id } tags { name } } }", {}, 1 + 5 * 6 + 20 * 1),
        ("{ dear { id } }", {}, 5),
        ("{ dear(mode: TWO) { id score score } }", {}, 5 + 9 + 3),
        ("{ measured { value } }", {}, 10 * 2 + 10 * 4),
        ("{ defaulted { score parts { name } } }", {}, 3 * 6 + 3 * 3 + 3 * 2 * 6),
    ],
)
def test_weights_and_sizes(query: str, variables: dict[str, Any], cost: int) -> None:
    assert estimate(WEIGHED, query, variables) == cost


@pytest.mark.parametrize(
    "query",
    [
        "{ sliced { id } }",
        "{ sliced(count: null) { id } }",
        "{ sliced(count: 1, other: 2) { id } }",
        "query($n: Int) { sliced(count: 1, other: $n) { id } }",
    ],
)
def test_exactly_one_slicing_argument_is_asked_for_where_cost_counts(query: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        estimate(WEIGHED, query)
    assert refused.value.errors[0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "exactly one" in refused.value.errors[0]["message"]
    assert estimate(federation(max_cost=Limits().max_cost), query) > 0, "nothing limits the cost"


def test_rules_are_read_from_the_supergraph_under_whatever_name() -> None:
    assert WEIGHED.supergraph.costs.types == {"Item": 6, "Reading": 2, "Heavy": 4}
    renamed = WEIGHED.sdl.replace("@cost(", "@price(").replace("directive @cost", "directive @price")
    assert load_supergraph(renamed).costs.types == {}
    renamed = renamed.replace('cost/v0.1", import', 'cost/v0.1", as: "price", import')
    assert load_supergraph(renamed).costs.types == WEIGHED.supergraph.costs.types


RECORDED: list[tuple[str, dict[str, Any]]] = [
    ("{ plain { id name } }", {}),
    ("{ plain(first: 3) { id related(first: 2) { name parts { id } } } }", {}),
    ("query($n: Int) { plain(first: $n) { parts(first: $n) { related(first: 3) { score } } } }", {"n": 4}),
    ("query($n: Int) { plain(first: $n) { name } }", {}),
    ("{ assumed { related(first: 5) { id } parts { id } } }", {}),
    ("{ sliced(other: 6) { ... on Item { parts(first: 0) { id } } } }", {}),
    ("{ either(count: 2, other: 9) { id } either2: either { id } }", {}),
    ("{ defaulted { parts { parts { parts { id } } } } }", {}),
    ("query($s: Int!) { connected(size: $s) { items { parts { id } } tags { name } total } }", {"s": 11}),
    ("{ dear(mode: ONE) { parts { id } related(first: 7) { id } } measured { value } }", {}),
    ("query($on: Boolean!) { assumed @include(if: $on) { id } dear { id } }", {"on": True}),
    ("{ ...F } fragment F on Query { plain(first: 2) { ...G } } fragment G on Item { related(first: 2) { name } }", {}),
]  # fmt: skip


@pytest.mark.parametrize(("query", "variables"), RECORDED)
async def test_the_estimate_is_never_less_than_what_the_answer_holds(query: str, variables: dict[str, Any]) -> None:
    data = await WEIGHTLESS.data(query, **variables)
    actual = _objects(data) - 1
    assert actual > 0
    assert estimate(WEIGHTLESS, query, variables) >= actual


def _objects(value: Any) -> int:
    if isinstance(value, list):
        return sum(map(_objects, value))
    return 1 + sum(map(_objects, value.values())) if isinstance(value, dict) else 0
