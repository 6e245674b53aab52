"""Generated projections against the full one: the same for what is right, and never an answer for what is not."""

from __future__ import annotations

import copy
import random
from typing import Any

import pytest
from gateway.tests.subgraph_world import Federation, Subgraph
from graphql import parse

from rapport_gateway.execution.generated import GeneratedProjection, Irregular
from rapport_gateway.execution.projection import Projection
from rapport_gateway.planning.planner import plan_operation

SDL = """
type Query { shelf: Shelf! things: [[Thing!]] one: Thing maybe: [Int!] anything: Any any: Any! }
scalar Any
enum Colour { RED GREEN }
interface Thing { id: ID! name: String }
type Shelf implements Thing {
  id: ID! name: String count: Int! big: Float small: Boolean colour: Colour colours: [Colour!]! items: [Thing]
}
type Book implements Thing { id: ID! name: String title: String! shelf: Shelf }
"""
QUERY = """{
  kind: __typename
  shelf { id label: name count big small colour colours items { __typename id ... on Book { title shelf { count } } } }
  things { name ... on Shelf { colours } ... on Book { title } }
  one { id ... on Shelf { big } }
  maybe anything any
}"""
SHELF = {
    "__typename": "Shelf",
    "id": "s",
    "label": None,
    "name": "n",
    "count": 3,
    "big": 0.5,
    "small": True,
    "colour": "RED",
    "colours": ["GREEN"],
}
BOOK = {"__typename": "Book", "id": "b", "name": None, "title": "Walden", "shelf": {"count": 1}}
TREE = {
    "shelf": {**SHELF, "items": [BOOK, None, {"__typename": "Shelf", "id": "x", "count": 0, "colours": []}]},
    "things": [[BOOK, SHELF], None, []],
    "one": SHELF,
    "maybe": [1, -2],
    "anything": {"a": [1]},
    "any": 0,
}
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    1,
    1.0,
    2.5,
    2**31,
    "RED",
    "BLUE",
    "",
    [],
    {},
    [None],
    {"__typename": []},
    {"__typename": "No"},
)


@pytest.fixture(name="both", scope="module")
def _both() -> tuple[Projection, GeneratedProjection]:
    federation = Federation(things=Subgraph(SDL))
    document = parse(QUERY)
    root = plan_operation(federation.supergraph, document, document.definitions[0], {}).operation.root  # type: ignore[arg-type]
    schema = federation.supergraph.api_schema
    return Projection(schema, root), GeneratedProjection(schema, root, {("one",), ("shelf", "items", "shelf")})


def full(projection: Projection, tree: dict[str, Any]) -> tuple[Any, list[Any]]:
    told: list[Any] = []
    return projection.project(tree, lambda *what: told.append(what)), told


def test_a_tree_in_which_all_is_right(both: tuple[Projection, GeneratedProjection]) -> None:
    projection, generated = both
    expected, told = full(projection, TREE)
    assert not told
    assert generated.project(TREE) == expected
    assert list(generated.project(TREE)["shelf"]) == list(expected["shelf"])


@pytest.mark.parametrize("seed", range(400))
def test_one_odd_value(both: tuple[Projection, GeneratedProjection], seed: int) -> None:
    projection, generated = both
    draw = random.Random(seed)
    tree = copy.deepcopy(TREE)
    spoil(tree, draw)
    expected, told = full(projection, tree)
    try:
        found = generated.project(tree)
    except Irregular:
        return
    assert not told
    assert repr(found) == repr(expected)  # repr tells 1, 1.0 and True apart


def spoil(tree: Any, draw: random.Random) -> None:
    """One value somewhere in the tree becomes another, or is lost."""
    places = list(places_of(tree))
    holder, key = draw.choice(places)
    if isinstance(holder, dict) and draw.random() < 0.2:
        del holder[key]
    else:
        holder[key] = draw.choice(ODD_VALUES)


def places_of(value: Any) -> Any:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield value, key
        yield from places_of(item)


def test_what_can_be_sent_otherwise_is(both: tuple[Projection, GeneratedProjection]) -> None:
    projection, generated = both
    tree = {**TREE, "one": {**SHELF, "id": 7}}
    assert generated.project(tree)["one"]["id"] == "7" == full(projection, tree)[0]["one"]["id"]


def test_an_object_in_several_places_is_projected_once() -> None:
    federation = Federation(
        a=Subgraph("type Query { list: [T] } type T { n: Int }", {"list": [{"n": 1}, {"n": 1}, {"n": 2}]})
    )
    document = parse("{ list { n } }")
    root = plan_operation(federation.supergraph, document, document.definitions[0], {}).operation.root  # type: ignore[arg-type]
    generated = GeneratedProjection(federation.supergraph.api_schema, root, {("list",)})
    shared = {"n": 1}
    found = generated.project({"list": [shared, shared, {"n": 2}]})["list"]
    assert found == [{"n": 1}, {"n": 1}, {"n": 2}]
    assert found[0] is found[1]


async def test_code_is_made_for_what_is_asked_again() -> None:
    federation = Federation(a=Subgraph("type Query { n: Int }", {"n": 4}))
    first = await federation.run("{ n }")
    assert first == await federation.run("{ n }") == await federation.run("{ n }") == {"data": {"n": 4}}
