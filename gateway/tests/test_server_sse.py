"""Event streams for clients (graphql-sse, distinct connections mode), on real sockets."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from gateway.tests.event_stream import Stream, opened, token_for
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.ticking import NAMES, TICKS

EVENTS = {"accept": "text/event-stream", "apollo-require-preflight": "1"}


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


async def events(gateway: Gateway, query: str, **headers: str) -> list[Any]:
    async with opened(gateway, query, **headers) as stream:
        assert (stream.response.status, stream.response.content_type) == (200, "text/event-stream")
        return await stream.rest()


async def test_a_subscription_is_a_stream_of_events(gateway: Gateway) -> None:
    found = await events(gateway, "subscription { tick { number name } }", authorization="Bearer me")
    expected = [("next", {"data": {"tick": {"number": n, "name": f"tick {n}"}}}) for n in range(3)]
    assert found == [*expected, ("complete", None)]
    assert gateway.servers["ticks"].inits == [{"authorization": "Bearer me"}]
    assert [headers["authorization"] for headers in gateway.servers["names"].headers] == ["Bearer me"] * 3


async def test_queries_are_answered_too(gateway: Gateway) -> None:
    assert await events(gateway, "{ now }") == [("next", {"data": {"now": 5}}), ("complete", None)]


async def test_by_get(gateway: Gateway) -> None:
    async def get(query: str) -> Any:
        url = f"{gateway.url}/graphql"
        async with gateway.http.get(url, params={"query": query}, headers=EVENTS) as response:
            return await Stream(response).rest()

    assert await get("subscription { tick(count: 1) { number } }") == [
        ("next", {"data": {"tick": {"number": 0}}}),
        ("complete", None),
    ]
    refused, end = await get("mutation { set }")
    assert refused[1]["errors"][0]["extensions"]["code"] == "METHOD_NOT_ALLOWED"
    assert end == ("complete", None)


@pytest.mark.parametrize(
    ("query", "code"),
    [("subscription {", "GRAPHQL_PARSE_FAILED"), ("subscription { nope }", "GRAPHQL_VALIDATION_FAILED")],
)
async def test_what_is_no_valid_operation_is_told_in_the_stream(gateway: Gateway, query: str, code: str) -> None:
    (kind, answer), end = await events(gateway, query)
    assert (kind, answer["errors"][0]["extensions"]["code"], end) == ("next", code, ("complete", None))


async def test_what_is_no_request_is_refused_in_json(gateway: Gateway) -> None:
    url = f"{gateway.url}/graphql"
    headers = {**EVENTS, "content-type": "application/json"}
    async with gateway.http.post(url, data=b"{", headers=headers) as response:
        assert (response.status, response.content_type) == (400, "application/json")


async def test_a_subscription_needs_a_client_that_takes_streams(gateway: Gateway) -> None:
    status, answer = await gateway.post("subscription { tick { number } }")
    assert (status, answer["errors"][0]["extensions"]["code"]) == (406, "NOT_ACCEPTABLE")
    found = await events(
        gateway, "subscription { tick(count: 1) { number } }", accept="application/json, text/event-stream"
    )
    assert len(found) == 2


async def test_a_subgraph_that_fails_ends_the_stream_with_its_error(gateway: Gateway) -> None:
    gateway.servers["ticks"].refuse_with = 4403
    (_, answer), end = await events(gateway, "subscription { tick { number } }", authorization="Bearer refused")
    assert (answer["errors"][0]["extensions"]["code"], end) == ("FORBIDDEN", ("complete", None))


async def test_a_client_that_leaves_ends_its_stream(gateway: Gateway) -> None:
    async with opened(gateway, "subscription { tick(count: 100000) { number } }") as stream:
        await stream.next()
        stream.response.close()
    await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)


async def test_comments_keep_a_silent_stream_open(gateway: Gateway) -> None:
    async with opened(gateway, "subscription { silent }") as stream:
        assert [await stream.block() for _ in range(3)] == [[":"]] * 3
    await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)


async def test_a_client_that_does_not_read_is_told_and_ended(gateway: Gateway) -> None:
    """Nothing is read until the gateway gave up; then what was under way, and the reason."""
    reader, writer = await asyncio.open_connection(*gateway.url.removeprefix("http://").split(":"), limit=2**16)
    body = orjson.dumps({"query": "subscription { burst(size: 200000) }"})
    writer.write(
        b"POST /graphql HTTP/1.1\r\nhost: a\r\naccept: text/event-stream\r\ncontent-type: application/json\r\n"
        b"connection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(body), body)
    )
    await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 30)
    received = await asyncio.wait_for(reader.read(), 30)
    assert b"CLIENT_TOO_SLOW" in received[-500:]
    assert b"event: complete" in received[-100:]
    writer.close()


async def test_a_stream_ends_when_its_token_expires(gateway: Gateway) -> None:
    async with opened(
        gateway, "subscription { tick(count: 100000) { number } }", authorization=token_for(2.0)
    ) as stream:
        *_, (_, answer), end = await stream.rest()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert end == ("complete", None)
    await asyncio.wait_for(gateway.servers["ticks"].ended.wait(), 10)


async def test_a_shutdown_ends_streams_so_that_clients_come_again(tmp_path: Path) -> None:
    async with running_gateway(tmp_path, ticks=TICKS) as gateway:
        async with opened(gateway, "subscription { silent }") as stream:
            assert await stream.block() == [":"]
            gateway.process.send_signal(signal.SIGTERM)
            assert await stream.rest() == []
        assert await asyncio.wait_for(gateway.process.wait(), 15) == 0
