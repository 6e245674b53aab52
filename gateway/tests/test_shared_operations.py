"""Equal queries of one identity that wait at the same time are run once, whichever way they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import pytest_asyncio
from aiohttp import web
from gateway.tests.gateway_process import Gateway, running_gateway
from gateway.tests.subgraph_world import Subgraph
from gateway.tests.test_plain_requests import Wire, request

PIECES = Subgraph(
    """
    type Query { pieces(first: Int = 2): [Piece!] broken: Int }
    type Mutation { turn: Int }
    type Piece @key(fields: "id") { id: ID! }
    """,
    {"pieces": lambda first: [{"id": str(number)} for number in range(first)], "broken": "none", "turn": 1},
    {"Piece": lambda piece: piece},
)
PRICES = Subgraph(
    'type Piece @key(fields: "id") { id: ID! price: Int! }', {}, {"Piece": lambda piece: {"price": int(piece["id"])}}
)
QUERY = "{ pieces { price } }"
ANSWER = {"data": {"pieces": [{"price": 0}, {"price": 1}]}}
_USUAL = b"te: trailers\r\n"


class World:
    """`pieces` answers nothing until its gate is open; `left` counts whose answer nobody waited for."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.gate = asyncio.Event()
        self.left = 0
        self.wires: list[Wire] = []
        gateway.servers["pieces"].hook = self._wait

    async def _wait(self, call: web.Request, _: dict[str, Any]) -> None:
        while not self.gate.is_set():
            await asyncio.sleep(0.005)
            if call.transport is None or call.transport.is_closing():
                self.left += 1
                return

    async def known(self, *queries: str) -> None:
        self.gate.set()
        for query in queries:
            await self.gateway.post(query)
        self.again()

    def again(self) -> None:
        self.gate.clear()
        for server in self.gateway.servers.values():
            server.requests.clear()

    async def ask(self, extra: bytes = b"", query: str = QUERY) -> Wire:
        wire = await Wire.to(self.gateway)
        wire.send(request(query, extra))
        self.wires.append(wire)
        return wire

    async def until(self, pieces: int) -> None:
        """So many requests have come, and no more come."""
        requests = self.gateway.servers["pieces"].requests
        for _ in range(1000):
            if len(requests) >= pieces:
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.05)
        assert len(requests) == pieces

    async def answers(self) -> list[Any]:
        self.gate.set()
        return [orjson.loads((await asyncio.wait_for(wire.answer(), 10))[1]) for wire in self.wires]


@asynccontextmanager
async def world_with(folder: Path, **settings: str) -> AsyncIterator[World]:
    async with running_gateway(folder, settings, pieces=PIECES, prices=PRICES) as gateway:
        yield World(gateway)


@pytest_asyncio.fixture(name="shared_gateway", scope="module")
async def _shared_gateway(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    settings = {"SHARE_OPERATIONS": "true"}
    async with running_gateway(folder, settings, pieces=PIECES, prices=PRICES) as gateway:
        yield gateway


@pytest.fixture(name="world")
def _world(shared_gateway: Gateway) -> World:
    world = World(shared_gateway)
    world.again()
    return world


async def test_equal_queries_are_run_once_for_all_ways(world: World) -> None:
    await world.known(QUERY)
    for number in range(8):
        usual = _USUAL if number % 2 else b""
        await world.ask(b"authorization: A\r\nx-request-id: r%d\r\n%s" % (number, usual))
    await world.until(1)
    assert await world.answers() == [ANSWER] * 8
    assert len(world.gateway.servers["prices"].requests) == 1


async def test_what_is_not_known_yet_is_shared_too(world: World) -> None:
    for _ in range(3):
        await world.ask(query="{ pieces { id price } }")
    await world.until(1)
    assert len({str(answer) for answer in await world.answers()}) == 1


async def test_what_differs_is_run_apart(world: World) -> None:
    two = "query ($n: Int) { pieces(first: $n) { price } }"
    await world.known(QUERY, two)
    for extra in (b"", b"authorization: A\r\n", b"authorization: B\r\n"):
        await world.ask(extra)
    wire = await world.ask(query=QUERY.replace("price", "id"))
    for n in (1, 1, 3):
        wire = await Wire.to(world.gateway)
        body = orjson.dumps({"query": two, "variables": {"n": n}})
        head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        wire.send(head + b"content-length: %d\r\n\r\n" % len(body) + body)
        world.wires.append(wire)
    await world.until(6)
    assert [len(answer["data"]["pieces"]) for answer in await world.answers()] == [2, 2, 2, 2, 1, 1, 3]


async def test_mutations_are_never_shared_and_nobody_reads_past_them(world: World) -> None:
    await world.known(QUERY)
    await world.ask()
    await world.until(1)
    await world.ask()
    changes = [asyncio.create_task(world.gateway.post("mutation { turn }")) for _ in range(2)]
    await world.until(3)
    world.gate.set()
    await asyncio.gather(*changes)
    await world.answers()
    world.again()
    requests = world.gateway.servers["pieces"].requests

    async def change_at_once(call: web.Request, payload: dict[str, Any]) -> None:
        if "turn" not in payload["query"]:
            await world._wait(call, payload)

    world.gateway.servers["pieces"].hook = change_at_once
    world.wires.clear()
    await world.ask()
    await world.until(1)
    await world.gateway.post("mutation { turn }")
    await world.ask()
    await world.ask()
    await world.until(3)
    assert ["turn" in item["query"] for item in requests] == [False, True, False]
    assert await world.answers() == [ANSWER] * 3


@pytest.mark.parametrize("extra", [b"", _USUAL])
async def test_work_goes_on_while_anyone_waits_and_no_longer(world: World, extra: bytes) -> None:
    await world.known(QUERY)
    for _ in range(3):
        await world.ask(extra)
    await world.until(1)
    for wire in (world.wires.pop(0), world.wires.pop(0)):
        wire.writer.close()
        await wire.writer.wait_closed()
    await world.until(1)
    assert world.left == 0
    assert await world.answers() == [ANSWER]
    world.again()
    world.wires.clear()
    leaving = [await world.ask(extra) for _ in range(2)]
    await world.until(1)
    for wire in leaving:
        wire.writer.close()
        await wire.writer.wait_closed()
    for _ in range(1000):
        if world.left:
            break
        await asyncio.sleep(0.005)
    assert world.left == 1


async def test_errors_are_told_to_each(world: World) -> None:
    await world.known("{ broken }")
    for extra in (b"", b"", _USUAL):
        await world.ask(extra, "{ broken }")
    await world.until(1)
    answers = await world.answers()
    assert answers[0]["errors"][0]["extensions"]["code"] == "DOWNSTREAM_SERVICE_ERROR"
    assert answers == [answers[0]] * 3


async def test_without_the_setting_each_is_run(tmp_path: Path) -> None:
    async with world_with(tmp_path) as world:
        await world.known(QUERY)
        for extra in (b"", b"", _USUAL):
            await world.ask(extra)
        await world.until(3)
        assert await world.answers() == [ANSWER] * 3
