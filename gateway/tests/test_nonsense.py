"""Subgraphs that answer nonsense, on real sockets: a typed error at the right place, and the rest of the answer."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from time import monotonic
from typing import Any

import orjson
import pytest
import pytest_asyncio
from gateway.tests.raw_subgraph import (
    Answer,
    RawSubgraph,
    chunked,
    cut,
    hang_up,
    http,
    json,
    never_end,
    raw,
    raw_subgraph,
    say_nothing,
    trickle,
    zipped,
)
from gateway.tests.subgraph_world import LINK
from waiting import eventually

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.subgraphs.http import Timeouts
from rapport_gateway.subgraphs.network import NetworkClient
from rapport_gateway.subgraphs.origin import encoded_headers
from rapport_gateway.subgraphs.streams import StreamSettings
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.loader import load_supergraph

BOOKS = 'type Query { books: [Book!]! } type Book @key(fields: "id") { id: ID! title: String! }'
STARS = """
type Query { top: Int  best: Book  all: [Book]  mood: Mood  thing: Thing }
type Mutation { vote: Int }
type Book @key(fields: "id") { id: ID! stars: Int must: Int! }
enum Mood { GOOD BAD }
union Thing = A | B
type A { a: Int } type B { b: Int }
"""
BOOKS_ANSWER = {"data": {"books": [{"__typename": "Book", "id": str(n), "title": f"book {n}"} for n in (1, 2)]}}
LIMIT = 100_000
MALFORMED = "SUBREQUEST_MALFORMED_RESPONSE"
FAILED = "SUBREQUEST_FAILED"
GRAPHQL_JSON = "application/graphql-response+json"


@dataclass
class World:
    pipeline: Pipeline
    stars: RawSubgraph

    async def run(self, query: str, *answers: Answer) -> Any:
        self.stars.answers[:] = answers
        self.stars.bodies.clear()
        request = GraphQLRequest(query, None, {}, {})
        return await self.pipeline.execute(self.pipeline.prepare(request), request)


@pytest_asyncio.fixture(name="world", scope="module")
async def _world() -> AsyncIterator[World]:
    async with raw_subgraph() as books, raw_subgraph() as stars:
        books.answers = [json(BOOKS_ANSWER)]
        sources = [SubgraphSource("books", books.url, LINK + BOOKS), SubgraphSource("stars", stars.url, LINK + STARS)]
        supergraph = load_supergraph(compose_supergraph(sources))
        client = NetworkClient(
            supergraph.subgraphs.values(),
            metrics=Metrics(),
            timeouts=Timeouts(connect=0.5, query=0.5, mutation=0.5),
            streams=StreamSettings(),
            max_answer_bytes=LIMIT,
        )
        yield World(Pipeline(supergraph, client, metrics=Metrics()), stars)
        await client.close()


def entities(*items: Any) -> dict[str, Any]:
    return {"data": {"_entities": list(items)}}


GOOD = entities({"stars": 1}, {"stars": 2})
GOOD_BYTES = orjson.dumps(GOOD)

# What comes instead of the stars of two books, and the code of the error that tells.
BAD_ANSWERS: dict[str, tuple[Answer, str]] = {
    "nothing": (http(b""), MALFORMED),
    "a page": (http(b"<h1>hello</h1>", media_type="text/html"), MALFORMED),
    "a list": (json([GOOD]), MALFORMED),
    "a number": (json(5), MALFORMED),
    "null": (json(None), MALFORMED),
    "no members": (json({}), MALFORMED),
    "data of null": (json({"data": None}), MALFORMED),
    "data that is a list": (json({"data": []}), MALFORMED),
    "data that is text": (json({"data": "x"}), MALFORMED),
    "errors that are no list": (json({**GOOD, "errors": {"message": "x"}}), MALFORMED),
    "no errors and no data": (json({"errors": []}), MALFORMED),
    "errors that are text": (json({"errors": ["x"]}), "DOWNSTREAM_SERVICE_ERROR"),
    "errors that are null": (json({"errors": [None]}), "DOWNSTREAM_SERVICE_ERROR"),
    "half a JSON document": (http(GOOD_BYTES[:30]), MALFORMED),
    "two JSON documents": (http(GOOD_BYTES * 2), MALFORMED),
    "JSON with NaN": (http(b'{"data": {"_entities": [{"stars": NaN}, null]}}'), MALFORMED),
    "no UTF-8": (http(b'{"data": {"_entities": ["\xff", null]}}'), MALFORMED),
    "UTF-16": (http(GOOD_BYTES.decode().encode("utf-16")), MALFORMED),
    "deep nesting": (http(b'{"data": ' + b"[" * 50_000), MALFORMED),
    "500 with a page": (http(b"<h1>oops</h1>", 500, "text/html"), MALFORMED),
    "500 with JSON": (json({"error": "oops"}, 500), MALFORMED),
    "500 with data": (json(GOOD, 500), MALFORMED),
    "500 with GraphQL errors": (json({"errors": [{"message": "x", "extensions": {"code": "X"}}]}, 500), "X"),
    "404": (http(b"not found", 404, "text/plain"), MALFORMED),
    "401 without a body": (http(b"", 401), "UNAUTHENTICATED"),
    "401 with a page": (http(b"sign in", 401, "text/plain"), "UNAUTHENTICATED"),
    "401 with JSON": (json({"detail": "sign in"}, 401), "UNAUTHENTICATED"),
    "401 with GraphQL": (json({"errors": [{"message": "x", "extensions": {"code": "EXPIRED"}}]}, 401), "EXPIRED"),
    "403": (http(b"", 403), "FORBIDDEN"),
    "403 with GraphQL": (json({"errors": [{"message": "x", "extensions": {"code": "NOT_YOU"}}]}, 403), "NOT_YOU"),
    "a redirect": (http(b"", 307, location="/elsewhere"), MALFORMED),
    "a redirect with data": (json(GOOD, 302, location="/elsewhere"), MALFORMED),
    "gzip that is none": (http(GOOD_BYTES, content_encoding="gzip"), MALFORMED),
    "gzip that is cut": (http(gzip.compress(GOOD_BYTES)[:-12], content_encoding="gzip"), MALFORMED),
    "gzip that grows too large": (http(gzip.compress(b" " * LIMIT * 20), content_encoding="gzip"), MALFORMED),
    "an unknown encoding": (http(b"\x00\x01", content_encoding="x-own"), MALFORMED),
    "less than announced": (cut(GOOD_BYTES, len(GOOD_BYTES) + 9), MALFORMED),
    "more than announced": (cut(GOOD_BYTES, len(GOOD_BYTES) - 9), MALFORMED),
    "a length that is no number": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n{}", then_close=True), MALFORMED),
    "a negative length": (raw(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n{}", then_close=True), MALFORMED),
    "chunks that are cut": (chunked(b"1e\r\n" + GOOD_BYTES[:9]), MALFORMED),
    "chunks without end": (chunked(b"%x\r\n" % len(GOOD_BYTES) + GOOD_BYTES + b"\r\n"), MALFORMED),
    "chunks of no size": (chunked(b"zz\r\n" + GOOD_BYTES), MALFORMED),
    "too much, announced": (http(b" " * (LIMIT + 1)), MALFORMED),
    "too much, without end": (never_end, MALFORMED),
    "a header without end": (raw(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000, then_close=True), MALFORMED),
    "no HTTP": (raw(b"220 smtp.example ESMTP\r\n", then_close=True), MALFORMED),
    "binary": (raw(bytes(range(256)), then_close=True), MALFORMED),
    "silence": (say_nothing, FAILED),
    "a trickle": (trickle, FAILED),
    "hanging up": (hang_up, FAILED),
    "too few entities": (json(entities({"stars": 1})), MALFORMED),
    "too many entities": (json(entities({"stars": 1}, {"stars": 2}, {"stars": 3})), MALFORMED),
    "entities that are an object": (json({"data": {"_entities": {"0": {"stars": 1}}}}), MALFORMED),
    "entities that are text": (json({"data": {"_entities": "ab"}}), MALFORMED),
}


@pytest.mark.parametrize("case", BAD_ANSWERS)
async def test_nonsense_for_a_join_costs_only_its_fields(world: World, case: str) -> None:
    answer, code = BAD_ANSWERS[case]
    result = await world.run("{ books { title stars } }", answer)
    assert result["data"] == {"books": [{"title": f"book {n}", "stars": None} for n in (1, 2)]}
    (error,) = result["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["books", 0, "stars"], code)
    assert "service" not in error["extensions"]
    assert set(world.stars.paths) == {"/graphql"}
    after = await world.run("{ books { title stars } }", json(GOOD))
    assert after == {"data": {"books": [{"title": "book 1", "stars": 1}, {"title": "book 2", "stars": 2}]}}


@pytest.mark.parametrize("case", [case for case in BAD_ANSWERS if "entities" not in case])
async def test_nonsense_for_a_root_field_costs_only_that(world: World, case: str) -> None:
    answer, code = BAD_ANSWERS[case]
    result = await world.run("{ books { title } top }", answer)
    assert result["data"] == {"books": [{"title": "book 1"}, {"title": "book 2"}], "top": None}
    assert [(error["path"], error["extensions"]["code"]) for error in result["errors"]] == [(["top"], code)]


@pytest.mark.parametrize("case", [case for case in BAD_ANSWERS if "entities" not in case])
async def test_a_mutation_is_sent_once_whatever_comes(world: World, case: str) -> None:
    answer, code = BAD_ANSWERS[case]
    result = await world.run("mutation { vote }", answer)
    assert result["data"] == {"vote": None}
    assert [(error["path"], error["extensions"]["code"]) for error in result["errors"]] == [(["vote"], code)]
    assert len(world.stars.bodies) == 1


async def test_a_query_is_sent_again_once_when_its_connection_fails(world: World) -> None:
    assert (await world.run("{ top }", hang_up, json({"data": {"top": 3}}))) == {"data": {"top": 3}}
    assert len(world.stars.bodies) == 2
    assert (await world.run("{ top }", hang_up))["errors"][0]["extensions"]["code"] == FAILED
    assert len(world.stars.bodies) == 2
    for answer in (http(b"", 503), cut(b"{", 100), say_nothing):
        await world.run("{ top }", answer)
        assert len(world.stars.bodies) == 1


async def test_a_mutation_goes_by_no_connection_that_may_be_closing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for later, added in ((0.0, 0), (4.9, 1)):
        assert (await world.run("{ top }", json({"data": {"top": 3}})))["data"] == {"top": 3}
        before = len(world.stars.connections)
        for module in ("connection", "http", "origin"):
            clock = f"rapport_gateway.subgraphs.{module}.monotonic"
            monkeypatch.setattr(clock, lambda later=later: monotonic() + later)
        assert (await world.run("mutation { vote }", json({"data": {"vote": 1}})))["data"] == {"vote": 1}
        assert len(world.stars.connections) == before + added


@pytest.mark.parametrize(
    "answer",
    [
        zipped({"data": {"top": 3}}),
        json({"data": {"top": 3}}, 201),
        json({"data": {"top": 3}}, 500, GRAPHQL_JSON),
        json({"data": {"top": 3, "more": {"x": [1]}}, "extensions": {"secret": 1}, "other": 5}),
        json({"data": {"top": 3.0}}),
        http(b'{"data": {"top": 3}}', media_type="text/plain"),
        chunked(b'14\r\n{"data": {"top": 3}}\r\n0\r\n\r\n'),
        raw(b'HTTP/1.0 200 OK\r\n\r\n{"data": {"top": 3}}', then_close=True),
    ],
    ids=["gzip", "201", "500 as GraphQL", "more than asked", "a whole float", "text", "chunks", "HTTP 1.0"],
)
async def test_odd_answers_that_count(world: World, answer: Answer) -> None:
    assert await world.run("{ top }", answer) == {"data": {"top": 3}}


@pytest.mark.parametrize("delay", [None, 0.05], ids=["at once", "later"])
async def test_an_answer_that_nobody_asked_for_is_not_taken_for_the_next(world: World, delay: float | None) -> None:
    used: list[asyncio.StreamWriter] = []

    async def twice(writer: asyncio.StreamWriter) -> None:
        used.append(writer)
        await json({"data": {"top": 3}}, 201)(writer)
        if delay is not None:
            await asyncio.sleep(delay)
        await json({"data": {"top": 666}}, 500)(writer)

    async def given_up() -> bool:
        return all(writer.is_closing() for writer in used)

    assert await world.run("{ top }", twice) == {"data": {"top": 3}}
    await eventually(given_up)
    before = len(world.stars.connections)
    assert await world.run("{ top }", json({"data": {"top": 4}})) == {"data": {"top": 4}}
    assert len(world.stars.connections) == before + 1
    assert await world.run("{ top }", json({"data": {"top": 5}})) == {"data": {"top": 5}}
    assert len(world.stars.connections) == before + 1


async def test_answers_may_come_in_any_pieces(world: World) -> None:
    text = b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{"data": {"top": 3}}'

    async def bit_by_bit(writer: asyncio.StreamWriter) -> None:
        for number in range(len(text)):
            writer.write(text[number : number + 1])
            await asyncio.sleep(0)

    assert await world.run("{ top }", bit_by_bit) == {"data": {"top": 3}}


async def test_a_request_that_is_given_up_closes_its_connection(world: World) -> None:
    before = len(world.stars.connections)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await world.run("{ top }", say_nothing)
    assert await world.run("{ top }", json({"data": {"top": 3}})) == {"data": {"top": 3}}
    assert len(world.stars.connections) <= before + 2


async def test_header_values_cannot_begin_new_headers() -> None:
    with pytest.raises(ValueError, match="line break"):
        encoded_headers({"authorization": "a\r\nx: y"})


BAD_VALUES: list[tuple[str, Any, Any, list[Any], str]] = [
    ("top", "3", None, ["top"], "INVALID_VALUE"),
    ("top", True, None, ["top"], "INVALID_VALUE"),
    ("top", 1.5, None, ["top"], "INVALID_VALUE"),
    ("top", 2**40, None, ["top"], "INVALID_VALUE"),
    ("top", [3], None, ["top"], "INVALID_VALUE"),
    ("top", {"top": 3}, None, ["top"], "INVALID_VALUE"),
    ("mood", "UGLY", None, ["mood"], "INVALID_VALUE"),
    ("mood", 0, None, ["mood"], "INVALID_VALUE"),
    ("best { stars }", 7, None, ["best"], "INVALID_VALUE"),
    ("best { stars }", [{"stars": 1}], None, ["best"], "INVALID_VALUE"),
    ("best { stars }", {"stars": {}}, {"stars": None}, ["best", "stars"], "INVALID_VALUE"),
    ("best { must }", {}, None, ["best", "must"], "UNEXPECTED_NULL"),
    ("best { must }", {"must": "x"}, None, ["best", "must"], "INVALID_VALUE"),
    ("all { stars }", {"0": {}}, None, ["all"], "INVALID_VALUE"),
    ("all { stars }", "ab", None, ["all"], "INVALID_VALUE"),
    ("all { stars }", [{"stars": 1}, 5], [{"stars": 1}, None], ["all", 1], "INVALID_VALUE"),
    ("all { must }", [{"must": 1}, {"must": None}], [{"must": 1}, None], ["all", 1, "must"], "UNEXPECTED_NULL"),
    ("thing { ... on A { a } }", {"a": 1}, None, ["thing"], "INVALID_VALUE"),
    ("thing { ... on A { a } }", {"__typename": "Book", "a": 1}, None, ["thing"], "INVALID_VALUE"),
    ("thing { ... on A { a } }", {"__typename": 5, "a": 1}, None, ["thing"], "INVALID_VALUE"),
]


@pytest.mark.parametrize(("selection", "value", "kept", "path", "code"), BAD_VALUES)
async def test_values_of_the_wrong_type_are_not_passed_on(
    world: World, selection: str, value: Any, kept: Any, path: list[Any], code: str
) -> None:
    name = selection.partition(" ")[0]
    result = await world.run(f"{{ books {{ title }} {selection} }}", json({"data": {name: value}}))
    assert result["data"] == {"books": [{"title": "book 1"}, {"title": "book 2"}], name: kept}
    assert [(error["path"], error["extensions"]["code"]) for error in result["errors"]] == [(path, code)]


@pytest.mark.parametrize(
    "path",
    [
        None, "top", [], [None], [{"a": 1}], ["_entities"], ["_entities", 99, "stars"], ["_entities", -1, "stars"],
        ["_entities", "0"], ["nowhere", 1, "x"], ["_entities", 1.5], [True], ["_entities", 0, "stars", "x" * 5000],
    ],
)  # fmt: skip
async def test_errors_with_odd_paths(world: World, path: Any) -> None:
    errors = [{"message": "half", "path": path, "extensions": {"code": "HALF"}}]
    result = await world.run("{ books { title stars } }", json({**entities({"stars": 1}, None), "errors": errors}))
    assert result["data"]["books"] == [{"title": "book 1", "stars": 1}, {"title": "book 2", "stars": None}]
    assert {error["extensions"]["code"] for error in result["errors"]} == {"HALF"}
    allowed: list[Any] = [None, ["books"], ["books", 0], ["books", 0, "stars"]]
    assert all(error.get("path") in allowed for error in result["errors"])
