"""A supergraph is replaced while the gateway serves: from a file, and from the running subgraphs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from gateway.tests.gateway_process import (
    Gateway,
    SubgraphServer,
    free_port,
    gateway_before,
    start_process,
    subgraph_server,
)
from gateway.tests.subgraph_world import LINK, Subgraph
from gateway.tests.ticking import TICKS
from waiting import eventually

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.composition import SubgraphSource

OLD = "type Query { hello: String slow: String }"
NEW = "type Query { hello: String slow: String added: Int }"
BROKEN = "type Query { hello: Missing }"
RESOLVERS = {"hello": "world", "added": 1, "slow": "done"}
OFTEN = {"RAPPORT_GATEWAY_RELOAD_INTERVAL": "0.05"}


def supergraph(server: SubgraphServer, sdl: str) -> str:
    return compose_supergraph([SubgraphSource(server.name, server.url, LINK + sdl)])


@asynccontextmanager
async def serving(folder: Path, sdl: str = OLD) -> AsyncIterator[tuple[Gateway, SubgraphServer, Path]]:
    async with subgraph_server("hello", Subgraph(NEW, RESOLVERS)) as server:
        sources = [SubgraphSource("hello", server.url, LINK + sdl)]
        async with gateway_before(folder, sources, **OFTEN) as gateway:
            yield gateway, server, folder / "supergraph.graphql"


async def metric(gateway: Gateway, line: str) -> bool:
    return line in await metrics(gateway)


async def often(gateway: Gateway, counter: str) -> bool:
    """Whether it counts three at least."""
    found = [line for line in await metrics(gateway) if line.startswith(f"{counter} ")]
    return any(float(line.rpartition(" ")[2]) >= 3 for line in found)


async def metrics(gateway: Gateway) -> list[str]:
    async with gateway.http.get(f"{gateway.url}/metrics") as response:
        return (await response.text()).splitlines()


async def answers(gateway: Gateway, query: str, data: Any) -> bool:
    _, answer = await gateway.post(query)
    return bool(answer.get("data") == data)


async def test_a_changed_file_is_served_and_no_request_is_lost(tmp_path: Path) -> None:
    async with serving(tmp_path) as (gateway, server, file):
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def hold(_: web.Request, payload: dict[str, Any]) -> None:
            if "slow" in payload["query"]:
                begun.set()
                await may_end.wait()

        server.hook = hold
        under_way = asyncio.create_task(gateway.post("{ slow }"))
        await begun.wait()
        statuses: list[int] = []

        async def ask_all_the_time() -> None:
            while not may_end.is_set():
                statuses.append((await gateway.post("{ hello }"))[0])

        asking = asyncio.create_task(ask_all_the_time())
        assert (await gateway.post("{ added }"))[1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        file.write_text(supergraph(server, NEW))
        await eventually(lambda: answers(gateway, "{ added }", {"added": 1}))
        may_end.set()
        assert await under_way == (200, {"data": {"slow": "done"}})
        await asking
        assert set(statuses) == {200}
        assert await metric(gateway, 'rapport_gateway_supergraph_reloads_total{outcome="ok"} 1.0')


def put(file: Path, text: str) -> None:
    """At once, so that no half of it is read."""
    written = file.with_suffix(".new")
    written.write_text(text)
    written.replace(file)


async def test_what_cannot_be_served_leaves_the_old_one_and_raises_an_alarm(tmp_path: Path) -> None:
    async with serving(tmp_path) as (gateway, _, file):
        before = file.read_text()
        put(file, "type Query { broken: Int }")
        await eventually(lambda: metric(gateway, "rapport_gateway_supergraph_stale 1.0"))
        assert await answers(gateway, "{ hello }", {"hello": "world"})
        put(file, before)
        await eventually(lambda: metric(gateway, "rapport_gateway_supergraph_stale 0.0"))
        file.unlink()
        await eventually(lambda: often(gateway, 'rapport_gateway_supergraph_reloads_total{outcome="unreachable"}'))
        assert await answers(gateway, "{ hello }", {"hello": "world"})
        gateway.process.terminate()
        _, log = await gateway.process.communicate()
        assert log.decode().count("SUPERGRAPH_NOT_RELOADED") == 2, "each reason is told once"


async def test_subscriptions_end_and_may_begin_anew_on_the_same_socket(tmp_path: Path) -> None:
    async with subgraph_server("ticks", TICKS) as server:
        sources = [SubgraphSource("ticks", server.url, LINK + TICKS.sdl)]
        async with gateway_before(tmp_path, sources, **OFTEN) as gateway, gateway.websocket() as client:
            await client.subscribe("a", "subscription { tick(count: 100000) { number } }")
            await client.receive()
            changed = TICKS.sdl.replace("type Query {", "type Query { added: Int", 1)
            assert changed != TICKS.sdl
            (tmp_path / "supergraph.graphql").write_text(supergraph(server, changed))
            while (message := await client.receive())["type"] == "next":
                pass
            assert (message["id"], message["type"]) == ("a", "error")
            assert [item["extensions"] for item in message["payload"]] == [{"code": "SUBSCRIPTION_SCHEMA_RELOAD"}]
            await client.subscribe("b", "subscription { tick(count: 1) { number } }")
            assert (await client.receive())["payload"] == {"data": {"tick": {"number": 0}}}


async def test_the_supergraph_follows_what_running_subgraphs_tell(tmp_path: Path) -> None:
    told = {"sdl": LINK + OLD}

    async def tell(_: web.Request, payload: dict[str, Any]) -> web.Response | None:
        return web.json_response({"data": {"_service": told}}) if "_service" in payload["query"] else None

    async with subgraph_server("hello", Subgraph(NEW, RESOLVERS)) as server, aiohttp.ClientSession() as http:
        server.hook = tell
        port = free_port()
        process = await start_process(
            "serve",
            *("--subgraph", f"hello={server.url}", "--port", str(port)),
            RAPPORT_GATEWAY_SERVICE_KEY="k" * 40,
            **OFTEN,
        )
        gateway = Gateway(f"http://127.0.0.1:{port}", process, {}, http)
        try:
            await eventually(lambda: _is_up(gateway))
            assert all(headers["service-authorization"].startswith("Bearer ey") for headers in server.headers)
            told["sdl"] = LINK + BROKEN
            await eventually(lambda: metric(gateway, "rapport_gateway_supergraph_stale 1.0"))
            assert await answers(gateway, "{ hello }", {"hello": "world"})
            told["sdl"] = LINK + NEW
            await eventually(lambda: answers(gateway, "{ added }", {"added": 1}))
            assert await metric(gateway, "rapport_gateway_supergraph_stale 0.0")
        finally:
            process.terminate()
            await process.wait()


async def _is_up(gateway: Gateway) -> bool:
    try:
        async with gateway.http.get(f"{gateway.url}/health"):
            return True
    except aiohttp.ClientConnectionError:
        assert gateway.process.returncode is None, "the gateway ended"
        return False
