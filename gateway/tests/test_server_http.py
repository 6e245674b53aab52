"""GraphQL over HTTP on a real socket, with real subgraph servers behind it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import Subgraph

BOOKS = Subgraph(
    """
    type Query { books: [Book!]! maybe: Book }
    type Mutation { add(title: String!): Book }
    type Book @key(fields: "id") { id: ID! title: String! }
    """,
    {
        "books": [{"id": "1", "title": "Walden"}, {"id": "2", "title": "诗经"}],
        "add": lambda title: {"id": "9", "title": title},
    },
    {"Book": lambda r: {**r, "title": "t"}},
)
STARS = Subgraph(
    'type Book @key(fields: "id") { id: ID! stars: Int }', {}, {"Book": lambda r: {**r, "stars": int(r["id"])}}
)


@pytest_asyncio.fixture(name="shared", scope="module")
async def _shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, books=BOOKS, stars=STARS) as gateway:
        yield gateway


@pytest.fixture(name="gateway")
def _gateway(shared: Gateway) -> Gateway:
    for server in shared.servers.values():
        server.hook = None
        server.requests.clear()
        server.headers.clear()
    return shared


def code(answer: Any) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


async def test_a_query_over_two_subgraphs(gateway: Gateway) -> None:
    status, answer = await gateway.post("{ books { title stars } }")
    assert (status, answer) == (
        200,
        {"data": {"books": [{"title": "Walden", "stars": 1}, {"title": "诗经", "stars": 2}]}},
    )


async def test_queries_by_get_but_no_mutations(gateway: Gateway) -> None:
    url, headers = f"{gateway.url}/graphql", {"apollo-require-preflight": "1"}
    async with gateway.http.get(
        url, params={"query": "{ books { id } }", "variables": "{}"}, headers=headers
    ) as response:
        assert (await response.json())["data"]["books"][0] == {"id": "1"}
    async with gateway.http.get(
        url, params={"query": 'mutation { add(title: "x") { id } }'}, headers=headers
    ) as response:
        assert (response.status, code(await response.json())) == (405, "METHOD_NOT_ALLOWED")
        assert response.headers["allow"] == "POST"
    assert len(gateway.servers["books"].requests) == 1


@pytest.mark.parametrize(
    ("body", "content_type", "status", "expected"),
    [
        (b"{", "application/json", 400, "BAD_REQUEST"),
        (b"[]", "application/json", 400, "BATCHING_DISABLED"),
        (b"5", "application/json", 400, "BAD_REQUEST"),
        (b"{}", "application/json", 400, "BAD_REQUEST"),
        (b'{"query": 5}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{ books { id } }", "variables": []}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{ books { id } }", "operationName": 1}', "application/json", 400, "BAD_REQUEST"),
        (b'{"query": "{ books { id } }"}', "text/plain", 415, "UNSUPPORTED_MEDIA_TYPE"),
        (
            b'{"query": "{ books { id } }", "operationName": "X"}',
            "application/json",
            200,
            "OPERATION_RESOLUTION_FAILURE",
        ),
        (b'{"query": "{ books { id }"}', "application/json", 200, "GRAPHQL_PARSE_FAILED"),
        (b'{"query": "{ books { no } }"}', "application/json", 200, "GRAPHQL_VALIDATION_FAILED"),
        (b'{"query": "subscription { a }"}', "application/json", 200, "GRAPHQL_VALIDATION_FAILED"),
        (b"\xff\xfe", "application/json", 400, "BAD_REQUEST"),
        (b" " * (2 * 1024 * 1024 + 1), "application/json", 413, "PAYLOAD_TOO_LARGE"),
    ],
)
async def test_bad_requests_have_a_code(
    gateway: Gateway, body: bytes, content_type: str, status: int, expected: str
) -> None:
    headers = {"content-type": content_type}
    async with gateway.http.post(f"{gateway.url}/graphql", data=BytesIO(body), headers=headers) as response:
        assert (response.status, code(await response.json())) == (status, expected)
    assert not any(server.requests for server in gateway.servers.values())


async def test_a_body_of_unknown_length_is_limited_too(gateway: Gateway) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * 65536

    headers = {"content-type": "application/json"}
    async with gateway.http.post(f"{gateway.url}/graphql", data=chunks(), headers=headers) as response:
        assert (response.status, code(await response.json())) == (413, "PAYLOAD_TOO_LARGE")


async def test_the_media_type_is_negotiated(gateway: Gateway) -> None:
    url = f"{gateway.url}/graphql"
    for accept, status, media_type in [
        ("application/graphql-response+json, application/json;q=0.9", 400, "application/graphql-response+json"),
        ("application/json", 200, "application/json"),
        ("*/*", 200, "application/json"),
        ("text/html", 406, "application/json"),
    ]:
        async with gateway.http.post(url, json={"query": "{ nope }"}, headers={"accept": accept}) as response:
            assert (response.status, response.content_type) == (status, media_type), accept


async def test_other_methods_and_paths(gateway: Gateway) -> None:
    async with gateway.http.put(f"{gateway.url}/graphql", json={}) as response:
        assert (response.status, response.headers["allow"]) == (405, "GET, POST")
    async with gateway.http.get(f"{gateway.url}/other") as response:
        assert (response.status, code(await response.json())) == (404, "NOT_FOUND")


async def test_identity_and_tracing_headers_reach_every_subgraph(gateway: Gateway) -> None:
    sent = {"authorization": "Bearer abc", "x-request-id": "req-1", "traceparent": "00-1-2-01", "cookie": "a=b"}
    body = {"query": "{ books { stars } }"}
    async with gateway.http.post(f"{gateway.url}/graphql", json=body, headers=sent) as response:
        assert response.headers["x-request-id"] == "req-1"
    for server in gateway.servers.values():
        (headers,) = server.headers
        assert {name: headers.get(name) for name in sent} == {**sent, "cookie": None}


async def test_a_request_id_is_made_when_none_is_given(gateway: Gateway) -> None:
    async with gateway.http.post(f"{gateway.url}/graphql", json={"query": "{ books { stars } }"}) as response:
        made = response.headers["x-request-id"]
    assert len(made) == 32
    assert {server.headers[0]["x-request-id"] for server in gateway.servers.values()} == {made}


async def _refuse(_: web.Request, __: dict[str, Any]) -> web.Response:
    errors = [{"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}]
    return web.json_response({"errors": errors}, status=401)


async def _page(_: web.Request, __: dict[str, Any]) -> web.Response:
    return web.Response(text="<h1>Bad gateway</h1>", status=502, content_type="text/html")


async def _number(_: web.Request, __: dict[str, Any]) -> web.Response:
    return web.json_response(5)


async def _cut(request: web.Request, _: dict[str, Any]) -> web.StreamResponse:
    response = web.StreamResponse(headers={"content-length": "1000", "content-type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"data": ')
    assert request.transport is not None
    request.transport.abort()
    return response


async def _slow(_: web.Request, __: dict[str, Any]) -> None:
    await asyncio.sleep(20)


@pytest.mark.parametrize(
    ("hook", "expected"),
    [
        (_refuse, "UNAUTHENTICATED"),
        (_page, "SUBREQUEST_MALFORMED_RESPONSE"),
        (_number, "SUBREQUEST_MALFORMED_RESPONSE"),
        (_cut, "SUBREQUEST_MALFORMED_RESPONSE"),
        (_slow, "SUBREQUEST_FAILED"),
    ],
)
async def test_a_subgraph_that_misbehaves(gateway: Gateway, hook: Any, expected: str) -> None:
    gateway.servers["stars"].hook = hook
    status, answer = await gateway.post("{ books { title stars } }")
    assert status == 200
    assert [book["stars"] for book in answer["data"]["books"]] == [None, None]
    assert code(answer) == expected
    assert answer["errors"][0]["path"] == ["books", 0, "stars"]


async def test_a_lost_connection_is_tried_again_for_queries_only(gateway: Gateway) -> None:
    async def drop_once(request: web.Request, _: dict[str, Any]) -> None:
        gateway.servers["books"].hook = None
        assert request.transport is not None
        request.transport.abort()

    gateway.servers["books"].hook = drop_once
    _, answer = await gateway.post("{ books { id } }")
    assert answer["data"]["books"][0] == {"id": "1"}
    assert len(gateway.servers["books"].requests) == 2
    gateway.servers["books"].requests.clear()
    gateway.servers["books"].hook = drop_once
    _, answer = await gateway.post('mutation { add(title: "x") { id } }')
    assert (answer["data"], code(answer)) == ({"add": None}, "SUBREQUEST_FAILED")
    assert len(gateway.servers["books"].requests) == 1


async def test_health_readiness_and_metrics(gateway: Gateway) -> None:
    async with gateway.http.get(f"{gateway.url}/ready") as response:
        assert (response.status, await response.json()) == (200, {"status": "ready", "unreachable": []})
    await gateway.post("{ books { stars } }")
    async with gateway.http.get(f"{gateway.url}/metrics") as response:
        text = await response.text()
    values = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert float(values['rapport_gateway_subgraph_requests_total{subgraph="stars"}']) >= 1
    assert float(values['rapport_gateway_requests_total{kind="query",outcome="ok"}']) >= 1
    assert float(values["rapport_gateway_plan_cache_hits_total"]) >= 1
    assert float(values["rapport_gateway_plan_cache_misses_total"]) >= 1


async def test_many_requests_at_once(gateway: Gateway) -> None:
    answers = await asyncio.gather(*(gateway.post("{ books { title stars } }") for _ in range(50)))
    assert {orjson.dumps(answer) for answer in answers} == {orjson.dumps(answers[0])}
