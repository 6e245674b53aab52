"""What one client may do at once and in a time, and that another one does not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from gateway.tests.gateway_process import Gateway, SubgraphServer, gateway_before, subgraph_server
from gateway.tests.subgraph_world import LINK
from gateway.tests.ticking import TICKS

from rapport_gateway.errors import RequestRefused
from rapport_gateway.server.buckets import Buckets, Full, Places
from rapport_gateway.server.clients import ClientLimits, client_limits
from rapport_gateway.settings import Settings
from rapport_gateway.supergraph.composition import SubgraphSource

ME, OTHER = {"authorization": "Bearer me"}, {"authorization": "Bearer other"}


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def scope(peer: str, *forwarded: str) -> dict[str, Any]:
    return {"client": (peer, 1), "headers": [(b"x-forwarded-for", value.encode()) for value in forwarded]}


def code(refusal: RequestRefused) -> str:
    return str(refusal.errors[0]["extensions"]["code"])


def test_a_bucket_empties_and_fills() -> None:
    clock = Clock()
    buckets = Buckets(2.0, 3, clock=clock)
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert buckets.take("b") == 0
    clock.now += 0.5
    assert [buckets.take("a"), buckets.take("a")] == [0, 0.5]
    clock.now += 1000
    assert [buckets.take("a") for _ in range(4)] == [0, 0, 0, 0.5]


def test_the_number_of_buckets_is_bounded() -> None:
    buckets = Buckets(1.0, 1, clock=Clock())
    for number in range(100_010):
        buckets.take(number)
    assert len(buckets) == 100_000


def test_places_are_given_back() -> None:
    places = Places(1)
    with places.taken("a"):
        with places.taken("b"), pytest.raises(Full), places.taken("a"):
            pass
        assert len(places) == 1
    with places.taken("a"):
        pass
    assert len(places) == 0


def test_nothing_is_limited_unless_it_is_set() -> None:
    assert client_limits(Settings()) is None
    limits = client_limits(Settings(max_operations=1))
    assert limits is not None
    for _ in range(1000):
        limits.charge(ME)


def test_credentials_have_their_own_rate_and_made_up_ones_that_of_the_address() -> None:
    clock = Clock()
    settings = Settings(rate_limit=1, rate_burst=2, address_rate_limit=1, address_rate_burst=5)
    limits = ClientLimits(settings, clock=clock)
    with limits.coming_from(scope("192.0.2.1")):
        limits.charge(ME)
        limits.charge(ME)
        with pytest.raises(RequestRefused) as refused:
            limits.charge(ME)
        assert (refused.value.status, code(refused.value)) == (429, "TOO_MANY_REQUESTS")
        assert refused.value.headers == {"retry-after": "1"}
        assert refused.value.errors[0]["extensions"]["retryAfter"] == 1
        limits.charge(OTHER)
        limits.charge({"authorization": "Bearer made up"})
        with pytest.raises(RequestRefused):
            limits.charge({"authorization": "Bearer made up again"})
    with limits.coming_from(scope("192.0.2.2")):
        limits.charge(OTHER)


@pytest.mark.parametrize(
    ("hops", "first", "second", "same"),
    [
        (0, scope("192.0.2.1"), scope("192.0.2.1", "198.51.100.7"), True),  # nobody believes what a client says
        (1, scope("10.0.0.1", "198.51.100.7"), scope("10.0.0.1", "198.51.100.8"), False),
        (1, scope("10.0.0.1", "1.1.1.1, 198.51.100.7"), scope("10.0.0.1", "2.2.2.2", "198.51.100.7"), True),
        (2, scope("10.0.0.1", "198.51.100.7, 10.0.0.2"), scope("10.0.0.1", "198.51.100.8, 10.0.0.2"), False),
        (2, scope("10.0.0.1", "198.51.100.7"), scope("10.0.0.9", "198.51.100.7"), True),
        (0, scope("2001:db8:1:2::1"), scope("2001:db8:1:2:ffff::2"), True),
        (0, scope("2001:db8:1:2::1"), scope("2001:db8:1:3::1"), False),
        (0, scope("::ffff:192.0.2.1"), scope("192.0.2.1"), True),
    ],
)
def test_who_has_the_same_address(hops: int, first: Any, second: Any, same: bool) -> None:
    limits = ClientLimits(Settings(address_rate_limit=1, address_rate_burst=1, forwarded_hops=hops), clock=Clock())
    with limits.coming_from(first):
        limits.charge({})
    with limits.coming_from(second):
        if same:
            with pytest.raises(RequestRefused):
                limits.charge({})
        else:
            limits.charge({})


@asynccontextmanager
async def limited(folder: Path, **settings: str) -> AsyncIterator[tuple[Gateway, SubgraphServer]]:
    async with subgraph_server("ticks", TICKS) as server:
        sources = [SubgraphSource("ticks", server.url, LINK + TICKS.sdl)]
        environment = {f"RAPPORT_GATEWAY_{name.upper()}": value for name, value in settings.items()}
        async with gateway_before(folder, sources, **environment) as gateway:
            yield gateway, server


async def test_too_fast_is_refused_over_http_and_on_sockets(tmp_path: Path) -> None:
    async with limited(tmp_path, rate_limit="0.001", rate_burst="3") as (gateway, _):
        statuses = [(await gateway.post("{ now }", **ME))[0] for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        async with gateway.http.post(f"{gateway.url}/graphql", json={"query": "{ now }"}, headers=ME) as response:
            assert int(response.headers["retry-after"]) > 100
            assert (await response.json())["errors"][0]["extensions"]["code"] == "TOO_MANY_REQUESTS"
        async with gateway.websocket(ME) as client:
            await client.subscribe("s", "subscription { silent }")
            message = await client.receive()
            assert (message["type"], message["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_REQUESTS")
        assert (await gateway.post("{ now }", **OTHER))[0] == 200


async def test_too_much_at_once_is_refused_and_others_are_served(tmp_path: Path) -> None:
    async with limited(tmp_path, max_client_operations="2", max_operations="3") as (gateway, server):
        may_end, arrived = asyncio.Event(), asyncio.Semaphore(0)

        async def hold(_: web.Request, __: Any) -> None:
            arrived.release()
            await may_end.wait()

        server.hook = hold
        running = [asyncio.create_task(gateway.post("{ now }", **ME)) for _ in range(2)]
        running.append(asyncio.create_task(gateway.post("{ now }", **OTHER)))
        for _ in running:
            await arrived.acquire()
        status, answer = await gateway.post("{ now }", **OTHER)
        assert (status, answer["errors"][0]["extensions"]["code"]) == (503, "OVERLOADED")
        running.pop().cancel()
        status = 503
        while status == 503:  # until the gateway has noticed that one has left
            status, answer = await gateway.post("{ now }", **ME)
        assert (status, answer["errors"][0]["extensions"]["code"]) == (429, "TOO_MANY_REQUESTS")
        may_end.set()
        assert [await task for task in running] == [(200, {"data": {"now": 5}})] * 2
        assert (await gateway.post("{ now }", **ME))[0] == 200


async def test_sockets_and_subscriptions_are_counted_and_given_back(tmp_path: Path) -> None:
    settings = {"max_client_sockets": "2", "max_client_subscriptions": "1"}
    async with limited(tmp_path, **settings) as (gateway, _), AsyncExitStack() as stack:
        first, second = [await stack.enter_async_context(gateway.websocket(ME)) for _ in range(2)]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await stack.enter_async_context(gateway.websocket(ME))
        assert refused.value.status == 429
        await first.subscribe("a", "subscription { tick(count: 100000) { number } }")
        await first.receive()
        await second.subscribe("b", "subscription { silent }")
        message = await second.receive()
        assert (message["id"], message["payload"][0]["extensions"]["code"]) == ("b", "TOO_MANY_REQUESTS")
        await first.ws.close()
        async with asyncio.timeout(10):
            while True:
                await second.subscribe("c", "subscription { tick(count: 1) { number } }")
                if (await second.receive())["type"] == "next":
                    break


async def test_an_operation_takes_no_longer_than_it_may(tmp_path: Path) -> None:
    async with limited(tmp_path, request_timeout="0.2") as (gateway, server):

        async def hold(_: web.Request, __: Any) -> None:
            await asyncio.sleep(2)

        server.hook = hold
        status, answer = await gateway.post("{ now }")
        assert (status, answer["errors"][0]["extensions"]["code"]) == (504, "REQUEST_TIMEOUT")
