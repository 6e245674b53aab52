"""The direct way of known queries: not to be told from the usual one by anything that is answered or counted."""

from __future__ import annotations

import asyncio
import gc
import gzip
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from gateway.tests.gateway_process import Gateway, running_gateway, subgraph_server
from gateway.tests.subgraph_world import LINK, Subgraph
from gateway.tests.test_plain_requests import Wire, request

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.execution.state import Run
from rapport_gateway.metrics import Metrics
from rapport_gateway.server.app import Application
from rapport_gateway.server.direct import DirectAnswer
from rapport_gateway.server.in_force import InForce
from rapport_gateway.server.plain_request import PlainRequests
from rapport_gateway.settings import Settings
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.loader import load_supergraph

GOODS = Subgraph(
    """
    type Query { n: Int! who(name: String!): String hints: Int @cacheControl(maxAge: 60) long: [String] broken: Int }
    directive @cacheControl(maxAge: Int) on FIELD_DEFINITION
    """,
    {"n": 1, "who": lambda name: f"who is {name}", "hints": 3, "long": ["some words"] * 500, "broken": "no number"},
)
PIECES = Subgraph(
    """
    type Query { pieces: [Piece!] rest: [Piece!] }
    type Piece @key(fields: "id") { id: ID! name: String }
    """,
    {"pieces": [{"id": str(number), "name": f"piece {number}"} for number in range(3)], "rest": []},
    {"Piece": lambda piece: {"name": f"piece {piece['id']}"}},
)
PRICES = Subgraph(
    'type Piece @key(fields: "id") { id: ID! price: Int! }',
    {},
    {"Piece": lambda piece: {"price": int(piece["id"])}},
)
SETTINGS = {
    "CORS_ORIGINS": "https://a.example",
    "RATE_LIMIT": "1000",
    "RATE_BURST": "1000",
    "MAX_CLIENT_OPERATIONS": "9",
    "ADDRESS_HEADER": "x-client-address",
}
QUERIES = (
    "{ n }",
    "{ who(name: 7) }",
    '{ who(name: \\"b\\") n }',
    "{ hints }",
    "{ long }",
    "{ broken }",
    "{ n pieces { name price } }",
    "{ rest { price } hints }",
)
_USUAL = b"te: trailers\r\n"


@pytest_asyncio.fixture(name="gateway", scope="module")
async def _gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, SETTINGS, goods=GOODS, pieces=PIECES, prices=PRICES) as gateway:
        yield gateway


async def answered(wire: Wire, query: str, extra: bytes) -> tuple[set[bytes], bytes]:
    """The head's lines, and the body; what is compressed is made readable."""
    wire.send(request(query, extra))
    head, body = await wire.answer()
    lines = set(head.lower().split(b"\r\n"))
    if b"content-encoding: gzip" in lines:
        lines = {line for line in lines if not line.startswith(b"content-length")}
        body = gzip.decompress(body)
    return lines, body


async def counted(gateway: Gateway) -> dict[str, float]:
    async with gateway.http.get(f"{gateway.url}/metrics") as response:
        lines = (await response.text()).splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


@pytest.mark.parametrize(
    "extra",
    [
        b"",
        b"x-request-id: r1\r\n",
        b"x-request-id: r1\r\naccept: application/graphql-response+json\r\n",
        b"x-request-id: r1\r\norigin: https://a.example\r\n",
        b"x-request-id: r1\r\norigin: https://b.example\r\naccept-encoding: gzip\r\n",
        b"x-request-id: r1\r\nauthorization: Bearer me\r\naccept-encoding: gzip\r\n",
    ],
)
@pytest.mark.parametrize("query", QUERIES)
async def test_both_ways_answer_alike(gateway: Gateway, query: str, extra: bytes) -> None:
    wire = await Wire.to(gateway)
    usual_head, usual_body = await answered(wire, query, extra + _USUAL)
    for _ in range(3):
        head, body = await answered(wire, query, extra)
        assert body == usual_body
        if b"r1" in extra:
            assert head == usual_head
        else:
            assert {line for line in head ^ usual_head if not line.startswith(b"x-request-id: ")} == set()


async def test_both_ways_are_counted_alike(gateway: Gateway) -> None:
    wire = await Wire.to(gateway)
    await answered(wire, "{ n }", _USUAL)
    gained: list[dict[str, float]] = []
    for extra in (b"", _USUAL):
        before = await counted(gateway)
        for _ in range(5):
            await answered(wire, "{ n }", extra)
        after = await counted(gateway)
        gained.append({name: after[name] - before[name] for name in after if "_total" in name or "_count" in name})
    assert gained[0] == gained[1]
    assert gained[0]['rapport_gateway_requests_total{kind="query",outcome="ok"}'] == 5
    assert gained[0]['rapport_gateway_subgraph_requests_total{subgraph="goods"}'] == 5


async def test_subgraphs_are_told_alike(gateway: Gateway) -> None:
    server = gateway.servers["goods"]
    wire = await Wire.to(gateway)
    extra = b"x-request-id: r1\r\nauthorization: Bearer me\r\ntraceparent: t\r\nx-client-address: mine\r\n"
    await answered(wire, "{ n }", extra + _USUAL)
    server.forget()
    for way in (b"", _USUAL):
        await answered(wire, "{ n }", extra + way)
    assert server.headers[0] == server.headers[1]
    assert server.headers[0]["x-client-address"] == "127.0.0.1"
    assert server.requests[0] == server.requests[1]


class Subgraphs:
    """What the subgraph's server is to do with each next request."""

    def __init__(self, gateway: Gateway) -> None:
        self.server = gateway.servers["goods"]
        self.arrived = 0

    def breaks_off(self, times: int) -> None:
        async def hook(call: web.Request, _: dict[str, Any]) -> None:
            self.arrived += 1
            if self.arrived <= times:
                assert call.transport is not None
                call.transport.abort()

        self.server.hook = hook

    def fails(self, status: int) -> None:
        async def hook(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
            self.arrived += 1
            return web.Response(status=status, text="no JSON")

        self.server.hook = hook


@pytest_asyncio.fixture(name="subgraphs")
async def _subgraphs(gateway: Gateway) -> AsyncIterator[Subgraphs]:
    subgraphs = Subgraphs(gateway)
    yield subgraphs
    subgraphs.server.hook = None


@pytest.mark.parametrize(("times", "sent", "fails"), [(1, 2, False), (2, 2, True)])
async def test_a_connection_that_breaks_is_made_up_for_once(
    gateway: Gateway, subgraphs: Subgraphs, times: int, sent: int, fails: bool
) -> None:
    wire = await Wire.to(gateway)
    await answered(wire, "{ n }", b"")
    subgraphs.breaks_off(times)
    _, body = await answered(wire, "{ n }", b"")
    assert subgraphs.arrived == sent
    assert ("errors" in orjson.loads(body)) == fails
    subgraphs.server.hook = None
    assert orjson.loads((await answered(wire, "{ n }", b""))[1]) == {"data": {"n": 1}}


async def test_failures_of_the_subgraph_are_told_alike(gateway: Gateway, subgraphs: Subgraphs) -> None:
    wire = await Wire.to(gateway)
    await answered(wire, "{ n }", b"")
    for status in (200, 401, 500):
        subgraphs.fails(status)
        bodies = [(await answered(wire, "{ n }", extra))[1] for extra in (b"", _USUAL)]
        assert bodies[0] == bodies[1]
        assert "errors" in orjson.loads(bodies[0])


@pytest.mark.parametrize("status", [200, 500])
async def test_failures_of_one_of_several_subgraphs_are_told_alike(gateway: Gateway, status: int) -> None:
    wire, query = await Wire.to(gateway), "{ n pieces { name price } }"
    await answered(wire, query, _USUAL)

    async def fail(_: web.Request, __: dict[str, Any]) -> web.StreamResponse:
        return web.Response(status=status, text="no JSON")

    gateway.servers["prices"].hook = fail
    bodies = [(await answered(wire, query, extra))[1] for extra in (b"", _USUAL)]
    gateway.servers["prices"].hook = None
    assert bodies[0] == bodies[1]
    assert orjson.loads(bodies[0])["data"] == {"n": 1, "pieces": None}
    assert orjson.loads((await answered(wire, query, b""))[1])["data"]["pieces"][2] == {"name": "piece 2", "price": 2}


async def test_the_whole_of_several_requests_has_its_time(tmp_path: Path) -> None:
    settings = {"REQUEST_TIMEOUT": "0.5"}
    async with running_gateway(tmp_path, settings, pieces=PIECES, prices=PRICES) as gateway:
        wire, query = await Wire.to(gateway), "{ pieces { price } }"
        await answered(wire, query, _USUAL)
        left = asyncio.Event()

        async def wait(call: web.Request, _: dict[str, Any]) -> None:
            for _attempt in range(500):
                if call.transport is None or call.transport.is_closing():
                    left.set()
                    return
                await asyncio.sleep(0.01)

        gateway.servers["prices"].hook = wait
        refusals = []
        for extra in (b"", _USUAL):
            refusals.append(await answered(wire, query, b"x-request-id: r1\r\n" + extra))
            await asyncio.wait_for(left.wait(), 10)
            left.clear()
        assert refusals[0] == refusals[1]
        assert b"http/1.1 504 gateway timeout" in refusals[0][0]
        assert orjson.loads(refusals[0][1])["errors"][0]["extensions"]["code"] == "REQUEST_TIMEOUT"


async def test_the_rate_is_limited_alike(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, {"RATE_LIMIT": "0.001", "RATE_BURST": "4"}, goods=GOODS) as gateway:
        wire = await Wire.to(gateway)
        for extra in (_USUAL, _USUAL, b"", b""):
            assert (await answered(wire, "{ n }", extra))[1] == b'{"data":{"n":1}}'
        refusals = [await answered(wire, "{ n }", b"x-request-id: r1\r\n" + extra) for extra in (b"", _USUAL)]
        assert refusals[0][0] == refusals[1][0]
        assert b"http/1.1 429 too many requests" in refusals[0][0]
        codes = [orjson.loads(body)["errors"][0]["extensions"]["code"] for _, body in refusals]
        assert codes == ["TOO_MANY_REQUESTS"] * 2


async def test_places_are_given_back_when_a_client_leaves(gateway: Gateway) -> None:
    """There are nine: were they lost, nobody would be served any more."""
    server = gateway.servers["goods"]
    arrived: asyncio.Queue[None] = asyncio.Queue()

    async def wait(call: web.Request, _: dict[str, Any]) -> None:
        arrived.put_nowait(None)
        for _attempt in range(500):
            if call.transport is None or call.transport.is_closing():
                return
            await asyncio.sleep(0.01)

    first = await Wire.to(gateway)
    for _ in range(12):
        await answered(first, "{ n }", b"")
        server.hook = wait
        wire = await Wire.to(gateway)
        wire.send(request("{ n }"))
        async with asyncio.timeout(10):
            await arrived.get()
        wire.writer.close()
        await wire.writer.wait_closed()
        server.hook = None
    for _ in range(3):
        assert (await answered(first, "{ n }", b""))[1] == b'{"data":{"n":1}}'


@pytest.mark.parametrize(
    ("settings", "is_taken"), [({}, True), ({"request_timeout": 1.0}, True), ({"log_requests": True}, False)]
)
async def test_known_queries_take_it_where_nothing_watches(settings: dict[str, Any], is_taken: bool) -> None:
    async with subgraph_server("goods", GOODS) as server:
        sdl = compose_supergraph([SubgraphSource("goods", server.url, LINK + GOODS.sdl)])
        chosen, metrics = Settings(**settings), Metrics()
        in_force = InForce(load_supergraph(sdl), chosen, metrics)
        way = Application(in_force, metrics, chosen).direct
        plain = PlainRequests().read(request("{ n }"))
        assert plain is not None
        replies: asyncio.Queue[bytes] = asyncio.Queue()
        assert way.begin(*plain, None, replies.put_nowait) is None
        await (await in_force.admission.admit({"query": "{ n }"}, {})).answer()
        assert (way.begin(*plain, None, replies.put_nowait) is not None) == is_taken
        if is_taken:
            assert (await asyncio.wait_for(replies.get(), 10)).endswith(b'{"data":{"n":1}}')
        await in_force.close()


@pytest.mark.parametrize("shares", [False, True])
async def test_nothing_of_an_answer_waits_for_the_garbage_collector(shares: bool) -> None:
    async with subgraph_server("pieces", PIECES) as pieces, subgraph_server("prices", PRICES) as prices:
        servers = {"pieces": (pieces, PIECES), "prices": (prices, PRICES)}
        sources = [SubgraphSource(name, server.url, LINK + known.sdl) for name, (server, known) in servers.items()]
        chosen, metrics = Settings(share_operations=shares, share_queries=shares), Metrics()
        in_force = InForce(load_supergraph(compose_supergraph(sources)), chosen, metrics)
        way = Application(in_force, metrics, chosen).direct
        query = "{ pieces { price } }"
        plain = PlainRequests().read(request(query))
        assert plain is not None
        replies: asyncio.Queue[bytes] = asyncio.Queue()
        await (await in_force.admission.admit({"query": query}, {})).answer()
        gc.collect()
        gc.disable()
        try:
            answers = [way.begin(*plain, None, replies.put_nowait) for _ in range(3)]
            assert None not in answers
            for _ in range(3):
                assert (await asyncio.wait_for(replies.get(), 10)).endswith(b'{"price":2}]}}')
            answers.clear()
            assert not [thing for thing in gc.get_objects() if isinstance(thing, Run | DirectAnswer)]
        finally:
            gc.enable()
        await in_force.close()


async def test_what_is_not_trusted_any_more_is_refused(tmp_path: Path) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(orjson.dumps({"a": "{ n }"}))
    settings = {
        "TRUSTED_DOCUMENTS": str(manifest),
        "TRUSTED_DOCUMENTS_ONLY": "true",
        "RELOAD_INTERVAL": "0.05",
    }
    async with running_gateway(tmp_path, settings, goods=GOODS) as gateway:
        wire = await Wire.to(gateway)
        for _ in range(3):
            assert (await answered(wire, "{ n }", b""))[1] == b'{"data":{"n":1}}'
        manifest.write_bytes(orjson.dumps({"b": "{ hints }"}))
        for _ in range(400):
            if b"QUERY_NOT_IN_LIST" in (await answered(wire, "{ n }", b""))[1]:
                break
            await asyncio.sleep(0.05)
        assert b"QUERY_NOT_IN_LIST" in (await answered(wire, "{ n }", b""))[1]
        assert (await answered(wire, "{ hints }", b""))[1] == b'{"data":{"hints":3}}'
