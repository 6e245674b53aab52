"""Subscriptions to a real subgraph: connections are shared, closed when unused, and their loss is told or bridged."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from gateway.tests.gateway_process import gateway_before, subgraph_server
from gateway.tests.strawberry_subgraph import SCHEMA, SEEN, strawberry_server, until
from gateway.tests.subgraph_world import LINK, Subgraph
from network_proxy import NetworkProxy

from rapport_gateway.errors import ErrorPolicy
from rapport_gateway.metrics import Metrics
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphErrors, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.http import Timeouts
from rapport_gateway.subgraphs.network import NetworkClient
from rapport_gateway.subgraphs.sse import EventTooLarge, SseParser
from rapport_gateway.subgraphs.streams import StreamSettings
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.model import Subgraph as Served

QUICK = StreamSettings(linger=0.05, resume_patience=5.0, stall=0.2)
SSE = replace(QUICK, sse=frozenset({"ticks"}))
ALL = frozenset({"*"})


@pytest_asyncio.fixture(name="port", scope="module")
async def _port() -> AsyncIterator[int]:
    async with strawberry_server() as port:
        yield port


@dataclass
class World:
    proxy: NetworkProxy
    client: NetworkClient

    @asynccontextmanager
    async def stream(
        self, query: str, *, token: str | None = None, request_id: str = "r"
    ) -> AsyncIterator[AsyncIterator[SubgraphAnswer]]:
        headers = {"x-request-id": request_id, **({"authorization": token} if token else {})}
        async with self.client.subscribe(SubgraphRequest("ticks", "subscription", query, {}, headers)) as events:
            yield events

    def ticks(self, name: str, token: str | None = None, **arguments: Any) -> Any:
        given = "".join(f", {key}: {value}" for key, value in arguments.items())
        return self.stream(
            f'subscription {{ ticks(name: "{name}"{given}) {{ id number }} }}', token=token, request_id=name
        )


@asynccontextmanager
async def world(port: int, settings: StreamSettings = QUICK) -> AsyncIterator[World]:
    SEEN.connections.clear()
    SEEN.running.clear()
    SEEN.ended.clear()
    async with NetworkProxy(port) as proxy:
        client = NetworkClient(
            [Served("TICKS", "ticks", f"http://127.0.0.1:{proxy.port}/graphql")],
            metrics=Metrics(),
            timeouts=Timeouts(),
            streams=settings,
            max_answer_bytes=1_000_000,
        )
        try:
            yield World(proxy, client)
        finally:
            await client.close()


def tick(answer: SubgraphAnswer) -> tuple[str, int]:
    assert answer.data is not None
    name, _, _ = answer.data["ticks"]["id"].rpartition("-")
    return name, answer.data["ticks"]["number"]


async def next_of(events: AsyncIterator[SubgraphAnswer]) -> SubgraphAnswer:
    async with asyncio.timeout(10):
        return await anext(events)


async def all_of(events: AsyncIterator[SubgraphAnswer]) -> list[tuple[str, int]]:
    async with asyncio.timeout(10):
        return [tick(event) async for event in events]


async def failure_of(events: AsyncIterator[SubgraphAnswer]) -> SubgraphFailure:
    with pytest.raises(SubgraphFailure) as failure:
        await all_of(events)
    return failure.value


async def test_one_connection_carries_all_subscriptions_of_an_identity(port: int) -> None:
    async with world(port) as w, AsyncExitStack() as stack:
        names = [f"s{number}" for number in range(QUICK.per_socket)]
        opened = await asyncio.gather(*(stack.enter_async_context(w.ticks(name, "me", to=5)) for name in names))
        received = await asyncio.gather(*(all_of(events) for events in opened))
        assert received == [[(name, number) for number in range(5)] for name in names]
        assert SEEN.connections == [{"authorization": "me"}]
        assert w.proxy.accepted == 1


async def test_identities_do_not_share_connections(port: int) -> None:
    async with world(port) as w, AsyncExitStack() as stack:
        for name, token in [("a", "me"), ("b", "you"), ("c", None), ("d", "me"), ("e", None)]:
            events = await stack.enter_async_context(w.ticks(name, token))
            assert tick(await next_of(events)) == (name, 0)
        assert SEEN.connections == [{"authorization": "me"}, {"authorization": "you"}, {}]


async def test_a_connection_that_nobody_uses_is_closed(port: int) -> None:
    async with world(port) as w:
        async with w.ticks("a") as first:
            await next_of(first)
            async with w.ticks("b") as second:
                await next_of(second)
            await until(lambda: SEEN.ended == ["b"])
            await asyncio.sleep(QUICK.linger * 2)
            assert tick(await next_of(first))[0] == "a"
            assert w.proxy.open_connections == 1
        await until(lambda: w.proxy.open_connections == 0)
        assert SEEN.ended == ["b", "a"]
        async with w.ticks("c", to=1) as third:
            assert await all_of(third) == [("c", 0)]
        assert w.proxy.accepted == 2


async def test_a_full_connection_is_followed_by_another(port: int) -> None:
    """Strawberry refuses more than a hundred on one."""
    async with world(port) as w, AsyncExitStack() as stack:
        names = [str(number) for number in range(250)]
        streams = await asyncio.gather(*(stack.enter_async_context(w.ticks(name, to=3)) for name in names))
        received = await asyncio.gather(*(all_of(events) for events in streams))
        assert received == [[(name, number) for number in range(3)] for name in names]
        assert w.proxy.accepted == 3
    async with world(port, replace(QUICK, per_socket=3)) as w, AsyncExitStack() as stack:
        await asyncio.gather(*(stack.enter_async_context(w.ticks(str(n))) for n in range(7)))
        await until(lambda: len(SEEN.running) == 7)
        assert w.proxy.accepted == 3


async def test_credentials_are_looked_at_again_after_a_while(port: int) -> None:
    async with world(port, replace(QUICK, socket_age=0.0)) as w, AsyncExitStack() as stack:
        for name in "abc":
            await stack.enter_async_context(w.ticks(name, "me"))
            await stack.enter_async_context(w.ticks(name))
        await until(lambda: len(SEEN.running) == 6)
        assert sorted(SEEN.connections, key=str) == [{"authorization": "me"}] * 3 + [{}]


async def test_who_leaves_while_the_connection_opens_takes_nobody_along(port: int) -> None:
    async with world(port) as w, AsyncExitStack() as stack:
        w.proxy.freeze()
        first = asyncio.create_task(stack.enter_async_context(w.ticks("a", to=1)))
        second = asyncio.create_task(stack.enter_async_context(w.ticks("b", to=1)))
        await until(lambda: w.proxy.accepted == 1)
        first.cancel()
        w.proxy.thaw()
        assert await all_of(await second) == [("b", 0)]
        assert w.proxy.accepted == 1
        assert SEEN.running == ["b"]


async def test_an_error_ends_its_own_subscription_only(port: int) -> None:
    async with world(port) as w, w.ticks("a") as good:
        await next_of(good)
        async with w.stream("subscription { failing }") as bad:
            event = await next_of(bad)
            assert (event.data, event.errors[0]["message"]) == (None, "no such thing")
        async with w.stream("subscription { unknown }") as bad:
            failure = await failure_of(bad)
        assert isinstance(failure, SubgraphErrors)
        told = failure.told(ErrorPolicy(subgraphs=True))
        assert told[0]["extensions"] == {"code": "DOWNSTREAM_SERVICE_ERROR", "service": "ticks"}
        await next_of(good)
        assert w.proxy.accepted == 1


@pytest.mark.parametrize("settings", [QUICK, SSE], ids=["websocket", "sse"])
async def test_a_lost_connection_ends_its_subscriptions(port: int, settings: StreamSettings) -> None:
    async with world(port, settings) as w, AsyncExitStack() as stack:
        streams = [await stack.enter_async_context(w.ticks(name)) for name in "ab"]
        for events in streams:
            await next_of(events)
        w.proxy.cut()
        failures = [await failure_of(events) for events in streams]
        assert [(str(failure), failure.code) for failure in failures] == [
            ("subgraph 'ticks' closed the connection", "SUBSCRIPTION_LOST")
        ] * 2
        async with w.ticks("c", to=1) as events:
            assert await all_of(events) == [("c", 0)]


async def test_a_connection_that_fell_silent_is_lost(port: int) -> None:
    async with world(port, replace(QUICK, heartbeat=0.2)) as w, w.ticks("a") as events:
        await next_of(events)
        w.proxy.freeze()
        assert (await failure_of(events)).code == "SUBSCRIPTION_LOST"


@pytest.mark.parametrize("settings", [QUICK, SSE], ids=["websocket", "sse"])
async def test_a_lost_connection_is_bridged_where_that_is_wanted(port: int, settings: StreamSettings) -> None:
    async with world(port, replace(settings, resumed=ALL)) as w, AsyncExitStack() as stack:
        streams = {name: await stack.enter_async_context(w.ticks(name)) for name in "ab"}
        for events in streams.values():
            await next_of(events)
        w.proxy.refusing = True
        w.proxy.cut()
        waiting = {name: asyncio.create_task(_until_again(events)) for name, events in streams.items()}
        await asyncio.sleep(0.3)
        assert not any(task.done() for task in waiting.values())
        w.proxy.refusing = False
        for name, task in waiting.items():
            assert await task == (name, 0)
        assert sorted(SEEN.running) == ["a", "a", "b", "b"]
        assert w.proxy.accepted == (4 if settings is SSE else 2)


async def _until_again(events: AsyncIterator[SubgraphAnswer]) -> tuple[str, int]:
    """The first event after the stream began anew."""
    while (found := tick(await next_of(events)))[1]:
        pass
    return found


@pytest.mark.parametrize("settings", [QUICK, SSE], ids=["websocket", "sse"])
async def test_bridging_ends_when_patience_does(port: int, settings: StreamSettings) -> None:
    impatient = replace(settings, resume_patience=0.5, resumed=ALL)
    async with world(port, impatient) as w, w.ticks("a") as events:
        await next_of(events)
        w.proxy.refusing = True
        w.proxy.cut()
        assert (await failure_of(events)).code == "SUBSCRIPTION_LOST"


@pytest.mark.parametrize("settings", [QUICK, SSE], ids=["websocket", "sse"])
async def test_a_subgraph_that_cannot_be_reached(port: int, settings: StreamSettings) -> None:
    async with world(port, replace(settings, resumed=ALL)) as w:
        w.proxy.refusing = True
        with pytest.raises(SubgraphFailure) as failure:
            async with w.ticks("a"):
                pass
        assert failure.value.code == "SUBREQUEST_FAILED"


async def test_a_slow_taker_slows_its_own_connection_down_and_misses_nothing(port: int) -> None:
    async with world(port) as w, w.ticks("a", to=500, every=0) as events:
        await asyncio.sleep(QUICK.stall * 2)
        assert await all_of(events) == [("a", number) for number in range(500)]


async def test_a_slow_taker_does_not_hold_up_others(port: int) -> None:
    async with world(port) as w, w.ticks("slow", every=0) as slow, w.ticks("quick") as quick:
        await next_of(quick)
        await until(lambda: SEEN.ended == ["slow"])
        waiting = tick(await next_of(quick))[1]
        while tick(await next_of(quick))[1] < waiting + 20:
            pass
        failure = await failure_of(slow)
        assert (str(failure), failure.code) == (
            "events of subgraph 'ticks' are not taken as fast as they come",
            "SUBSCRIPTION_LOST",
        )


@pytest.mark.parametrize("settings", [QUICK, SSE], ids=["websocket", "sse"])
async def test_an_event_that_is_too_large(port: int, settings: StreamSettings) -> None:
    async with (
        world(port, replace(settings, resumed=ALL)) as w,
        w.stream("subscription { large(size: 2000000) }") as events,
    ):
        failure = await failure_of(events)
        assert failure.code == ("SUBREQUEST_MALFORMED_RESPONSE" if settings is SSE else "SUBSCRIPTION_LOST")


async def test_a_subgraph_that_speaks_no_such_protocol() -> None:
    async with strawberry_server(("graphql-sse",)) as port, world(port) as w:
        with pytest.raises(SubgraphFailure) as failure:
            async with w.ticks("a"):
                pass
        assert failure.value.code == "SUBREQUEST_FAILED"
    async with strawberry_server(("graphql-transport-ws",)) as port, world(port, SSE) as w:
        with pytest.raises(SubgraphFailure) as failure:
            async with w.ticks("a"):
                pass
        assert isinstance(failure.value, SubgraphErrors)


async def test_server_sent_events(port: int) -> None:
    async with world(port, SSE) as w:
        async with w.ticks("a", to=3) as events:
            assert await all_of(events) == [("a", 0), ("a", 1), ("a", 2)]
        async with w.ticks("b") as events:
            await next_of(events)
        await until(lambda: SEEN.ended == ["a", "b"])
        async with w.stream("subscription { unknown }") as events:
            refused = await next_of(events)
        assert (refused.data, "unknown" in refused.errors[0]["message"]) == (None, True)
        assert SEEN.connections == []


@pytest.mark.parametrize("newline", [b"\n", b"\r\n", b"\r"])
def test_server_sent_events_may_be_cut_anywhere(newline: bytes) -> None:
    lines = [
        b": hello",
        b"",
        b"event: next",
        b"data: 1",
        b"data:2",
        b"id: 7",
        b"",
        b"event: complete",
        b"data",
        b"",
        b"",
    ]
    text = newline.join(lines)
    for cut in range(len(text)):
        parser = SseParser(100)
        events = [event for part in (text[:cut], text[cut:], b":") for event in parser.feed(part)]
        assert events == [("next", b"1\n2"), ("complete", b"")], cut


def test_a_server_sent_event_without_end_is_not_kept() -> None:
    parser = SseParser(100)
    for _ in range(16):
        assert list(parser.feed(b"data: 123456\n")) == []
    with pytest.raises(EventTooLarge):
        list(parser.feed(b"data: 123456\n"))


NAMES = Subgraph(
    'type Tick @key(fields: "id") { id: ID! name: String }', {}, {"Tick": lambda r: {**r, "name": f"tick {r['id']}"}}
)


@pytest.mark.parametrize("sse", [False, True], ids=["websocket", "sse"])
async def test_clients_of_a_gateway_share_a_connection(port: int, tmp_path: Path, sse: bool) -> None:
    """Through the whole gateway: two clients with one token, events completed by a second subgraph."""
    async with NetworkProxy(port) as proxy, subgraph_server("names", NAMES) as names:
        SEEN.connections.clear()
        sources = [
            SubgraphSource("ticks", f"http://127.0.0.1:{proxy.port}/graphql", SCHEMA.as_str()),
            SubgraphSource("names", names.url, LINK + NAMES.sdl),
        ]
        settings = {"RAPPORT_GATEWAY_SUBSCRIPTION_SSE": "ticks"} if sse else {}
        async with gateway_before(tmp_path, sources, **settings) as gateway, AsyncExitStack() as stack:
            init = {"authorization": "Bearer me"}
            for client in "ab":
                socket = await stack.enter_async_context(gateway.websocket(init))
                query = f'subscription {{ ticks(name: "{client}", every: 0) {{ number name }} }}'
                await socket.subscribe("1", query)
                for number in range(3):
                    event = (await socket.receive())["payload"]
                    assert event == {"data": {"ticks": {"number": number, "name": f"tick {client}-{number}"}}}
            assert SEEN.connections == ([] if sse else [init])
            assert proxy.accepted == (2 if sse else 1)
            assert {headers["authorization"] for headers in names.headers} == {"Bearer me"}
            proxy.cut()
            while (message := await socket.receive())["type"] == "next":
                pass
            assert message["payload"][0]["extensions"]["code"] == "SUBSCRIPTION_LOST"
