"""How long answers may be kept, and what is said of it over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, source
from graphql import OperationDefinitionNode, parse

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.planning.cache_policy import CachePolicy, cache_policy
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.supergraph.cache_hints import CacheHint
from rapport_gateway.supergraph.loader import load_supergraph
from rapport_gateway.supergraph.model import Supergraph

CACHING = """
extend schema @link(url: "https://rapport.example/cacheControl/v0.1", import: ["@cacheControl"])
  @composeDirective(name: "@cacheControl")
directive @cacheControl(maxAge: Int, scope: CacheControlScope, inheritMaxAge: Boolean)
  on FIELD_DEFINITION | OBJECT | INTERFACE | UNION
enum CacheControlScope { PUBLIC PRIVATE }
"""
BOOKS = """
type Query {
  plain: Int
  kept: Int @cacheControl(maxAge: 60)
  mine: Int @cacheControl(maxAge: 30, scope: PRIVATE)
  book: Book @cacheControl(maxAge: 100)
  books: [Book!]
  shelf: Shelf @cacheControl(maxAge: 50)
  thing: Thing @cacheControl(maxAge: 70)
  broken: Int @cacheControl(maxAge: 60)
}
type Mutation { set: Int @cacheControl(maxAge: 60) }
type Book @cacheControl(maxAge: 240) @key(fields: "id") {
  id: ID! title: String price: Int @cacheControl(maxAge: 5) author: Author
  editor: Author @cacheControl(inheritMaxAge: true) shelf: Shelf secret: String @cacheControl(scope: PRIVATE)
}
type Author { name: String }
type Shelf @cacheControl(inheritMaxAge: true) { row: Int }
union Thing = Book | Shelf
"""
STOCK = 'type Book @key(fields: "id") { id: ID! stock: Int @cacheControl(maxAge: 1) }'


def composed(**subgraphs: str) -> Supergraph:
    return load_supergraph(compose_supergraph([source(name, LINK + CACHING + sdl) for name, sdl in subgraphs.items()]))


LIBRARY = composed(books=BOOKS, stock=STOCK)


def policy(query: str, supergraph: Supergraph = LIBRARY, **conditions: bool) -> CachePolicy | None:
    document = parse(query)
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return cache_policy(supergraph, plan_operation(supergraph, document, operation, conditions).operation.root)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("{ plain }", None),
        ("{ kept }", CachePolicy(60, private=False)),
        ("{ kept plain }", None),
        ("{ kept mine }", CachePolicy(30, private=True)),
        ("{ __typename }", None),
        ("{ kept __typename __schema { types { name } } }", CachePolicy(60, private=False)),
        ("{ book { title } }", CachePolicy(100, private=False)),
        ("{ books { title } }", CachePolicy(240, private=False)),
        ("{ books { price } }", CachePolicy(5, private=False)),
        ("{ books { author { name } } }", None),
        ("{ books { editor { name } } }", CachePolicy(240, private=False)),
        ("{ books { shelf { row } } }", CachePolicy(240, private=False)),
        ("{ shelf { row } }", CachePolicy(50, private=False)),
        ("{ book { secret } }", CachePolicy(100, private=True)),
        ("{ book { title stock } }", CachePolicy(1, private=False)),
        ("{ thing { ... on Book { price } ... on Shelf { row } } }", CachePolicy(5, private=False)),
        ("{ thing { __typename } }", CachePolicy(70, private=False)),
    ],
)
def test_the_least_of_all_fields_counts(query: str, expected: CachePolicy | None) -> None:
    assert policy(query) == expected


def test_what_is_skipped_does_not_count() -> None:
    query = "query($x: Boolean!) { kept plain @include(if: $x) }"
    assert policy(query, x=True) is None
    assert policy(query, x=False) == CachePolicy(60, private=False)


def test_the_strictest_subgraph_counts() -> None:
    shared = "type Query {{ a: Int @shareable @cacheControl(maxAge: {}, scope: {}) }}"
    supergraph = composed(one=shared.format(60, "PUBLIC"), two=shared.format(20, "PRIVATE"))
    assert policy("{ a }", supergraph) == CachePolicy(20, private=True)


def test_without_hints_nothing_is_kept() -> None:
    plain = load_supergraph(compose_supergraph([source("a", LINK + "type Query { a: Int }")]))
    assert dict(plain.cache_hints) == {}
    assert policy("{ a }", plain) is None


def test_hints_are_read_by_place() -> None:
    assert LIBRARY.cache_hints["Book", None] == CacheHint(240)
    assert LIBRARY.cache_hints["Query", "mine"] == CacheHint(30, private=True)
    assert LIBRARY.cache_hints["Shelf", None] == CacheHint(inherits=True)


async def test_what_asks_for_rights_is_private() -> None:
    sdl = (
        LINK + CACHING + "type Query { a: Int @cacheControl(maxAge: 9) b: Int @cacheControl(maxAge: 9) @authenticated }"
    )
    federation = Federation(x=Subgraph(sdl, {"a": 1, "b": 2}))
    assert await federation.policy("{ a }") == CachePolicy(9, private=False)
    assert await federation.policy("{ a b }") == CachePolicy(9, private=True)


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    values: dict[str, Any] = {"plain": 1, "kept": 2, "mine": 3, "book": {"id": "1", "title": "诗 " * 1000}}
    async with running_gateway(folder, books=Subgraph(CACHING + BOOKS, values)) as gateway:
        yield gateway


async def get(gateway: Gateway, query: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return await ask(gateway, {"query": query}, **headers)


async def ask(gateway: Gateway, parameters: dict[str, str], **headers: str) -> tuple[int, dict[str, str], bytes]:
    sent = {"apollo-require-preflight": "1", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with gateway.http.get(f"{gateway.url}/graphql", params=parameters, headers=sent) as response:
        found = {name.lower(): value for name, value in response.headers.items()}
        return response.status, found, await response.read()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ kept }", "max-age=60, public"),
        ("{ kept mine }", "max-age=30, private"),
        ("{ plain }", "no-store"),
        ("{ broken: kept nope }", "no-store"),
        ("{", "no-store"),
    ],
)
async def test_what_caches_are_told_of_a_get(gateway: Gateway, query: str, said: str) -> None:
    _, headers, _ = await get(gateway, query)
    assert headers["cache-control"] == said


async def test_errors_of_subgraphs_are_not_kept(gateway: Gateway) -> None:
    async def fail(*_: object) -> web.Response:
        return web.json_response({"data": {"kept": 1}, "errors": [{"message": "half of it"}]})

    gateway.servers["books"].hook = fail
    _, headers, _ = await get(gateway, "{ kept }")
    gateway.servers["books"].hook = None
    assert (headers["cache-control"], headers.get("etag")) == ("no-store", None)


async def test_an_answer_that_the_client_has_is_not_sent_again(gateway: Gateway) -> None:
    _, first, body = await get(gateway, "{ book { title } }", accept_encoding="gzip")
    assert (first["content-encoding"], first["vary"]) == ("gzip", "accept, accept-encoding")
    for known in (first["etag"], f'"other", {first["etag"]}', "*"):
        status, headers, nothing = await get(gateway, "{ book { title } }", if_none_match=known)
        assert (status, nothing, headers["etag"]) == (304, b"", first["etag"])
        assert headers["cache-control"] == "max-age=100, public"
    status, _, again = await get(gateway, "{ book { title } }", if_none_match='"other"')
    assert (status, again) == (200, body)


async def test_of_a_post_something_is_said_only_when_the_answer_may_be_kept(gateway: Gateway) -> None:
    async def said(query: str) -> str | None:
        async with gateway.http.post(f"{gateway.url}/graphql", json={"query": query}) as response:
            assert "etag" not in response.headers
            return response.headers.get("cache-control")

    assert await said("{ kept }") == "max-age=60, public"
    assert await said("{ plain }") is None
    assert await said("mutation { set }") is None


def by_hash(text: str) -> dict[str, str]:
    persisted = {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}
    return {"extensions": orjson.dumps({"persistedQuery": persisted}).decode()}


async def test_a_query_by_hash_can_be_kept_by_a_cdn(gateway: Gateway) -> None:
    """One URL without the text; until the text is known nobody may keep the answer, or it would never be sent."""
    text = "query Page { book { title } }"
    status, unknown, body = await ask(gateway, by_hash(text))
    assert (status, unknown["cache-control"], unknown.get("etag")) == (200, "no-store", None)
    assert orjson.loads(body)["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    _, introduced, _ = await ask(gateway, {"query": text, **by_hash(text)})
    for headers in ({"accept_encoding": "gzip"}, {"accept_encoding": "identity"}):
        status, told, body = await ask(gateway, by_hash(text), **headers)
        assert (status, told["cache-control"]) == (200, "max-age=100, public")
        assert (told["etag"], told["vary"]) == (introduced["etag"], "accept, accept-encoding")
        assert told.get("content-encoding", "identity") == headers["accept_encoding"]
        assert orjson.loads(body)["data"]["book"]["title"].startswith("诗")
    status, told, body = await ask(gateway, by_hash(text), if_none_match=introduced["etag"])
    assert (status, told["cache-control"], body) == (304, "max-age=100, public", b"")


@pytest.mark.parametrize("is_introduced", [True, False])
async def test_no_mutation_by_get_and_nobody_keeps_the_refusal(gateway: Gateway, *, is_introduced: bool) -> None:
    text = "mutation Set { set }"
    async with gateway.http.post(f"{gateway.url}/graphql", json={"query": text, **_extensions(text)}) as response:
        assert response.status == 200
    before = len(gateway.servers["books"].requests)
    status, told, _ = await ask(gateway, by_hash(text) if is_introduced else {"query": text})
    assert (status, told["allow"], told["cache-control"]) == (405, "POST", "no-store")
    assert len(gateway.servers["books"].requests) == before


def _extensions(text: str) -> dict[str, Any]:
    return {"extensions": orjson.loads(by_hash(text)["extensions"])}
