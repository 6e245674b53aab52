"""Answers of subgraphs with anything put anywhere into them: an answer of the schema's types comes out, or an error."""

from __future__ import annotations

import asyncio
import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import orjson
from gateway.tests.subgraph_world import LINK, WIDE, Federation, InProcessClient, Subgraph
from graphql import ExecutionResult, GraphQLResolveInfo, execute_sync, parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Pipeline
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest, read_answer

ITEMS = """
type Query { items: [Item!]  item: Item  any: [Any]  level: Level  grid: [[Int!]]  count: Int!  must: [Book!]! }
interface Item { id: ID! name: String }
type Book implements Item @key(fields: "id") { id: ID! name: String pages: Int! box: Box }
type Film implements Item @key(fields: "id") { id: ID! name: String length: Float open: Boolean box: Box! }
type Box @shareable { wide: Int! levels: [Level!] data: JSON }
union Any = Book | Film
enum Level { LOW HIGH }
scalar JSON
"""
RATINGS = """
interface Item { id: ID! rating: Int! }
type Book implements Item @key(fields: "id") {
  id: ID!
  rating: Int!
  stars: [Int!]
  twin: Book
  name: String @external
  box: Box @external
  score: String @requires(fields: "name box { wide }")
}
type Film implements Item @key(fields: "id") { id: ID! rating: Int! }
type Box @shareable { wide: Int! }
"""
QUERY = """{
  items { __typename id name ... on Book { pages box { wide levels data } score twin { id score stars } } rating }
  item { __typename rating ... on Film { length open box { wide data } } }
  any { __typename ... on Book { id score } ... on Film { box { levels } rating } }
  level grid count must { id stars twin { name rating } }
}"""
JUNK: list[Any] = [
    None, True, 0, -7, 1.5, 2**40, 10**30, "", "x", "LOW", "Book", "9", [], {}, [None], [[]], [{}], [1, "x"],
    {"id": "9"}, {"__typename": "Film"}, {"__typename": 5, "id": None}, {"__typename": "Item", "id": "1"}, "\0\u2028",
    {"wide": 1, "levels": ["NO"]}, [{"__typename": "Book", "id": "2", "pages": 3, "twin": {"id": "2"}}] * 2,
]  # fmt: skip


def item(number: int) -> dict[str, Any]:
    kind = "Film" if number % 2 else "Book"
    box = {"wide": number, "levels": ["LOW", "HIGH"], "data": {"free": [1, {"a": None}]}}
    own = {"length": 1.5, "open": True} if kind == "Film" else {"pages": 10 * number}
    return {"__typename": kind, "id": str(number), "name": f"n{number}", "box": box, **own}


def rated(representation: dict[str, Any]) -> dict[str, Any]:
    number = int(representation["id"]) if representation["id"].isdecimal() else 0
    score = str(representation.get("name"))
    return {"id": str(number), "rating": number, "stars": [1, 2], "twin": lambda: rated({"id": "2"}), "score": score}


class Fuzzed(InProcessClient):
    """Spoils the answers that it is told to, at places that follow from the seed."""

    choice = random.Random(0)
    spoilt: frozenset[int] = frozenset()

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        number = len(self.calls)
        answer = await super().execute(request)
        if number not in self.spoilt:
            return answer
        payload: Any = {"data": answer.data, **({"errors": answer.errors} if answer.errors else {})}
        for _ in range(self.choice.randint(1, 3)):
            _spoil(payload, self.choice)
        try:
            return read_answer(request.subgraph, orjson.loads(json.dumps(payload)))
        except ValueError as problem:
            raise SubgraphFailure(str(problem), "SUBREQUEST_MALFORMED_RESPONSE") from problem


def _spoil(payload: Any, choice: random.Random) -> None:
    places = list(_places(payload))
    if not places:
        return
    parent, key = choice.choice(places)
    match choice.randrange(6):
        case 0 if isinstance(parent, dict):
            del parent[key]
        case 1 if isinstance(parent, list):
            parent.insert(key, copy.deepcopy(parent[key]))
        case 2 if isinstance(parent, list):
            del parent[key]
        case _:
            parent[key] = copy.deepcopy(choice.choice(JUNK))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])


def _federation() -> Federation:
    items = [item(number) for number in range(4)]
    root = {
        "items": items, "item": item(1), "any": [item(2), None, item(3)], "level": "HIGH", "grid": [[1, 2], None, []],
        "count": 3, "must": [item(0), item(2)],
    }  # fmt: skip
    subgraphs = {
        "items": Subgraph(LINK + ITEMS, root, {"Book": lambda r: item(int(r["id"])), "Film": lambda r: item(1)}),
        "ratings": Subgraph(LINK + RATINGS, {}, {"Book": rated, "Film": rated}),
    }
    federation = Federation(**subgraphs)
    federation.client = Fuzzed(subgraphs)
    federation.pipeline = Pipeline(federation.supergraph, federation.client, metrics=Metrics(), limits=WIDE)
    return federation


FEDERATION = _federation()


def _again(data: dict[str, Any]) -> ExecutionResult:
    """The answer, executed as if it were the data: what comes out is the same when everything is of its type."""

    def resolve(parent: Any, info: GraphQLResolveInfo[Any]) -> Any:
        return parent[info.path.key]

    return execute_sync(
        FEDERATION.supergraph.api_schema,
        parse(QUERY),
        data,
        field_resolver=resolve,
        type_resolver=lambda value, *_: value["__typename"],
    )


def test_without_nonsense_everything_is_there() -> None:
    client = FEDERATION.client
    assert isinstance(client, Fuzzed)
    client.spoilt = frozenset()
    answer = asyncio.run(FEDERATION.run(QUERY))
    assert "errors" not in answer
    assert len(client.calls) == 4
    assert asyncio.run(FEDERATION.run_unawaited(QUERY)) == answer
    assert len(client.calls) == 4
    assert _again(answer["data"]) == ExecutionResult(answer["data"], None)


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 10**9), st.frozensets(st.integers(0, 3), min_size=1))
def test_whatever_comes_the_answer_is_of_the_schema(seed: int, spoilt: frozenset[int]) -> None:
    client = FEDERATION.client
    assert isinstance(client, Fuzzed)
    for run in (FEDERATION.run, FEDERATION.run_unawaited):
        client.choice, client.spoilt = random.Random(seed), spoilt
        _check(asyncio.run(run(QUERY)))


def _check(answer: dict[str, Any]) -> None:
    for error in answer.get("errors", []):
        assert isinstance(error["message"], str)
        assert error["extensions"]["code"] in {
            "SUBREQUEST_MALFORMED_RESPONSE",
            "UNEXPECTED_NULL",
            "INVALID_VALUE",
            "DOWNSTREAM_SERVICE_ERROR",
        }
    if answer["data"] is None:
        assert answer["errors"]
    else:
        again = _again(answer["data"])
        assert (again.data, again.errors) == (answer["data"], None)


async def test_values_that_are_nested_very_deeply() -> None:
    """Deeper than can be sent: what needs them is not asked for."""
    deep = orjson.loads("[" * 1000 + "]" * 1000)
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { x: X } scalar JSON type X @key(fields: "id") { id: ID! j: JSON y: Int }',
        ),
        b=Subgraph(
            LINK + 'scalar JSON type X @key(fields: "id") { id: ID! j: JSON @external z: Int @requires(fields: "j") }'
        ),
    )
    federation.client.broken["a"] = {"data": {"x": {"id": "1", "j": deep, "y": 3}}}
    answer = await federation.run("{ x { y z } }")
    assert answer["data"] == {"x": {"y": 3, "z": None}}
    assert [error["path"] for error in answer["errors"]] == [["x", "z"]]
    assert federation.client.called() == ["a"]
