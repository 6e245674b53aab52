"""graphql-transport-ws towards clients and subgraphs, on real sockets."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from gateway.tests.event_stream import token_for
from gateway.tests.gateway_process import Gateway, SubgraphServer, running_gateway
from gateway.tests.ticking import NAMES, TICKS
from waiting import eventually


@pytest_asyncio.fixture(name="shared", scope="module")
async def _shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    async with running_gateway(folder, ticks=TICKS, names=NAMES) as gateway:
        yield gateway


@pytest.fixture(name="gateway")
def _gateway(shared: Gateway) -> Gateway:
    for server in shared.servers.values():
        server.forget()
    return shared


async def test_events_are_completed_by_other_subgraphs(gateway: Gateway) -> None:
    async with gateway.websocket({"authorization": "Bearer me"}) as client:
        await client.subscribe("s", "subscription { tick { number name } }")
        events = [await client.receive() for _ in range(4)]
    assert [event.get("payload") for event in events[:3]] == [
        {"data": {"tick": {"number": number, "name": f"tick {number}"}}} for number in range(3)
    ]
    assert events[3] == {"id": "s", "type": "complete"}
    assert gateway.servers["ticks"].inits == [{"authorization": "Bearer me"}]
    assert [headers["authorization"] for headers in gateway.servers["names"].headers] == ["Bearer me"] * 3


async def test_queries_are_answered_too(gateway: Gateway) -> None:
    async with gateway.websocket() as client:
        await client.subscribe("q", "{ now }")
        assert await client.receive() == {"id": "q", "type": "next", "payload": {"data": {"now": 5}}}
        assert await client.receive() == {"id": "q", "type": "complete"}


async def test_ping_is_answered(gateway: Gateway) -> None:
    async with gateway.websocket() as client:
        await client.send(type="ping", payload={"a": 1})
        assert await client.receive() == {"type": "pong", "payload": {"a": 1}}


async def test_complete_ends_the_stream_upstream(gateway: Gateway) -> None:
    async with gateway.websocket() as client:
        await client.subscribe("s", "subscription { tick(count: 100000) { number } }")
        await client.receive()
        await client.send(id="s", type="complete")
        await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)
        await client.subscribe("s", "{ now }")
        while (message := await client.receive())["payload"] != {"data": {"now": 5}}:
            assert message["id"] == "s"


async def test_a_client_that_leaves_ends_its_streams(gateway: Gateway) -> None:
    async with gateway.websocket() as client:
        await client.subscribe("s", "subscription { tick(count: 100000) { number } }")
        await client.receive()
    await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription {", "GRAPHQL_PARSE_FAILED"),
        ("subscription($n: Int!) { tick(count: $n) { id } }", "BAD_USER_INPUT"),
    ],
)
async def test_bad_operations_leave_the_socket_usable(gateway: Gateway, query: str, code: str) -> None:
    async with gateway.websocket() as client:
        await client.subscribe("s", query)
        message = await client.receive()
        assert (message["id"], message["type"]) == ("s", "error")
        assert message["payload"][0]["extensions"]["code"] == code
        await client.subscribe("s", "{ now }")
        assert (await client.receive())["payload"] == {"data": {"now": 5}}


async def test_a_stream_that_is_lost_is_told(gateway: Gateway) -> None:
    async with gateway.websocket({"authorization": "Bearer lost"}) as client:
        await client.subscribe("s", "subscription { tick(count: 100000) { number } }")
        await client.receive()
        request = gateway.servers["ticks"].sockets[0]._req
        assert request is not None
        transport = request.transport
        assert transport is not None
        transport.abort()
        while (message := await client.receive())["type"] == "next":
            pass
        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LOST"
        await client.subscribe("t", "{ now }")
        assert (await client.receive())["payload"] == {"data": {"now": 5}}


@pytest.mark.parametrize(
    ("close_code", "code"), [(4401, "UNAUTHENTICATED"), (4403, "FORBIDDEN"), (1011, "SUBSCRIPTION_LOST")]
)
async def test_a_subgraph_that_refuses_the_stream(gateway: Gateway, close_code: int, code: str) -> None:
    gateway.servers["ticks"].refuse_with = close_code
    async with gateway.websocket({"authorization": f"Bearer {close_code}"}) as client:
        await client.subscribe("s", "subscription { tick { number } }")
        message = await client.receive()
        assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", code)


async def test_a_failing_join_is_an_error_of_its_event(gateway: Gateway) -> None:
    async def fail(_: web.Request, __: dict[str, Any]) -> web.Response:
        return web.Response(status=500, text="boom")

    gateway.servers["names"].hook = fail
    async with gateway.websocket() as client:
        await client.subscribe("s", "subscription { tick(count: 1) { number name } }")
        payload = (await client.receive())["payload"]
        assert payload["data"] == {"tick": {"number": 0, "name": None}}
        assert payload["errors"][0]["path"] == ["tick", "name"]


@pytest.mark.parametrize(
    ("messages", "close_code"),
    [
        ([{"type": "subscribe", "id": "1", "payload": {"query": "{ now }"}}], 4401),
        ([{"type": "connection_init"}, {"type": "connection_init"}], 4429),
        ([{"type": "connection_init"}, {"type": "what"}], 4400),
        ([{"type": "connection_init"}, {"type": "subscribe", "id": 5, "payload": {}}], 4400),
        ([{"type": "connection_init"}, {"type": "subscribe", "id": "", "payload": {}}], 4400),
        ([{"type": "connection_init", "payload": 5}], 4400),
        ([{"type": "connection_init", "payload": {"authorization": "a\r\nx-other: b"}}], 4400),
        ([{"type": "connection_init", "payload": {"Authorization": "é"}}], 4400),
        ([], 4408),
    ],
)
async def test_broken_protocol_closes_the_socket(gateway: Gateway, messages: list[Any], close_code: int) -> None:
    async with gateway.websocket(acknowledged=False) as client:
        for message in messages:
            await client.send(**message)
        assert await client.close_code() == close_code


@pytest.mark.parametrize(
    "text", ["{", f'{{"type": "ping", "payload": [{"0," * 100_000}0]}}'], ids=["half", "many values"]
)
async def test_text_that_is_not_read_closes_the_socket(gateway: Gateway, text: str) -> None:
    async with gateway.websocket() as client:
        await client.ws.send_str(text)
        assert await client.close_code() == 4400


@pytest.mark.parametrize("used", ["s", "张三" * 60], ids=["short", "longer than a reason may be"])
async def test_an_id_in_use_closes_the_socket(gateway: Gateway, used: str) -> None:
    async with gateway.websocket() as client:
        await client.subscribe(used, "subscription { tick(count: 100000) { number } }")
        await client.receive()
        await client.subscribe(used, "{ now }")
        assert await client.close_code() == 4409


async def test_a_client_that_does_not_read_is_closed(gateway: Gateway) -> None:
    """Nothing is read until the gateway gave up; then what was under way, and the reason."""
    async with gateway.websocket() as client:
        await client.subscribe("s", "subscription { burst(size: 200000) }")
        connection = client.ws._conn
        assert connection is not None
        transport = connection.transport
        assert isinstance(transport, asyncio.Transport)
        transport.pause_reading()
        await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 30)
        transport.resume_reading()
        assert await client.close_code() == 1013


async def test_a_socket_that_never_reads_is_cut_off(gateway: Gateway) -> None:
    """On a bare socket, where nothing reads by itself: in the end the connection is gone."""
    with not_reading(gateway) as raw:
        await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 30)
        await eventually(lambda: is_cut(raw))


async def test_a_client_that_is_gone_is_no_error_of_the_gateways(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, ticks=TICKS, names=NAMES) as gateway:
        for _ in range(5):
            with not_reading(gateway) as raw:
                await asyncio.sleep(FILLED_SECONDS)
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)
            gateway.servers["ticks"].forget()
        gateway.process.terminate()
        _, told = await gateway.process.communicate()
    assert b"ERROR" not in told, told.decode()


FILLED_SECONDS = 0.5
"""Until the gateway waits for a client that does not read; it gives such a client up after a second."""
RESET = struct.pack("ii", 1, 0)


@contextmanager
def not_reading(gateway: Gateway) -> Iterator[socket.socket]:
    """A socket that has subscribed to much and takes nothing."""
    host, port = gateway.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as raw:
        raw.send(HANDSHAKE)
        assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")
        raw.setblocking(False)
        query = {"query": "subscription { burst(size: 200000) }"}
        for message in ({"type": "connection_init"}, {"type": "subscribe", "id": "s", "payload": query}):
            text = orjson.dumps(message)
            raw.send(bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text)  # masked with nothing
        yield raw


HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
)


async def is_cut(raw: socket.socket) -> bool:
    try:
        raw.send(b"\x00")
    except BlockingIOError:
        return False
    except ConnectionError:
        return True
    return False


async def test_a_message_that_is_too_large_closes_the_socket(gateway: Gateway) -> None:
    async with gateway.websocket() as client:
        await client.send(type="ping", payload={"x": "x" * 2 * 1024 * 1024})
        assert await client.close_code() == 1009


async def test_so_many_operations_on_a_socket_and_no_more(gateway: Gateway) -> None:
    async with gateway.websocket() as client:
        for number in range(101):
            await client.subscribe(str(number), "subscription { silent }")
        refused = await client.receive()
        assert (refused["type"], refused["id"]) == ("error", "100")
        assert refused["payload"][0]["extensions"]["code"] == "TOO_MANY_OPERATIONS"
        await client.send(id="0", type="complete")
        await client.subscribe("more", "{ now }")
        assert (await client.receive())["payload"] == {"data": {"now": 5}}


async def test_an_expired_token_is_not_acknowledged(gateway: Gateway) -> None:
    async with gateway.websocket(acknowledged=False) as client:
        await client.send(type="connection_init", payload={"authorization": token_for(-1)})
        assert await client.close_code() == 4403


async def test_the_socket_ends_with_its_token(gateway: Gateway) -> None:
    async with gateway.websocket({"authorization": token_for(2.0)}) as client:
        await client.subscribe("s", "subscription { silent }")
        assert await client.close_code() == 4403
    await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)


async def opened_socket(server: SubgraphServer) -> web.WebSocketResponse:
    async def look() -> web.WebSocketResponse | None:
        return server.sockets[-1] if server.subscribed else None

    opened: web.WebSocketResponse = await eventually(look)
    return opened


UNAUTHENTICATED = [{"message": "The session has ended.", "extensions": {"code": "UNAUTHENTICATED"}}]


SILENT = {"id": "1", "type": "next", "payload": {"data": {"silent": 1}}}


@pytest.mark.parametrize(
    "messages",
    [
        [SILENT, {"id": "1", "type": "error", "payload": UNAUTHENTICATED}],
        [
            SILENT,
            {"id": "1", "type": "next", "payload": {"data": None, "errors": UNAUTHENTICATED}},
            {"id": "1", "type": "complete"},
        ],
        [
            {"id": "1", "type": "next", "payload": {"data": None, "errors": UNAUTHENTICATED}},
            {"id": "1", "type": "complete"},
        ],
    ],
)
async def test_credentials_that_a_subgraph_withdraws_end_the_socket(gateway: Gateway, messages: list[Any]) -> None:
    async with gateway.websocket({"authorization": f"Bearer of {messages}"}) as client:
        await client.subscribe("s", "subscription { silent }")
        await client.subscribe("t", "subscription { silent }")
        subgraph = await opened_socket(gateway.servers["ticks"])
        for message in messages:
            await subgraph.send_json(message)
        if SILENT in messages:
            assert (await client.receive())["payload"] == {"data": {"silent": 1}}
        assert "The session has ended." in str(await client.receive())
        assert await client.close_code() == 4403


async def test_a_subgraph_that_closes_on_a_client_ends_its_socket(gateway: Gateway) -> None:
    async with gateway.websocket({"authorization": "Bearer closed"}) as client:
        await client.subscribe("s", "subscription { tick(count: 1000) { number } }")
        await client.receive()
        await gateway.servers["ticks"].sockets[-1].close(code=4403)
        assert await client.close_code() == 4403


async def test_a_subscription_that_is_forbidden_ends_alone(gateway: Gateway) -> None:
    forbidden = [{"message": "Not any more.", "extensions": {"code": "FORBIDDEN"}}]
    async with gateway.websocket({"authorization": "Bearer forbidden"}) as client:
        await client.subscribe("s", "subscription { tick(count: 1000) { number } }")
        await client.receive()
        await gateway.servers["ticks"].sockets[-1].send_json({"id": "1", "type": "error", "payload": forbidden})
        while (message := await client.receive())["type"] == "next":
            pass
        assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        await client.subscribe("t", "{ now }")
        assert (await client.receive())["payload"] == {"data": {"now": 5}}


async def test_another_protocol_is_refused(gateway: Gateway) -> None:
    async with gateway.http.ws_connect(f"{gateway.url}/graphql", protocols=("graphql-ws",)) as ws:
        await ws.receive(timeout=10)
        assert ws.close_code == 4406
