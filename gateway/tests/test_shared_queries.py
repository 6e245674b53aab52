"""Equal queries that wait at the same time are sent once: to one identity, and never past a mutation."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest
import pytest_asyncio
from gateway.tests.raw_subgraph import RawSubgraph, hang_up, json, raw_subgraph

from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.http import HttpTransport, Timeouts


class World:
    """`gate` holds all answers back until it is set."""

    def __init__(self, subgraph: RawSubgraph) -> None:
        self.subgraph = subgraph
        self.gate = asyncio.Event()
        self.sent: list[str] = []
        self.transport = HttpTransport(
            {"a": subgraph.url},
            timeouts=Timeouts(),
            max_answer_bytes=10_000,
            credentials=ServiceCredentials(),
            shares=True,
            on_send=self.sent.append,
        )
        subgraph.answers = [self._numbered]

    async def _numbered(self, writer: asyncio.StreamWriter) -> None:
        number = len(self.subgraph.bodies)
        await self.gate.wait()
        await json({"data": {"n": [number]}})(writer)

    def ask(
        self, text: str = "{ n }", kind: str = "query", variables: Any = None, **headers: str
    ) -> asyncio.Task[SubgraphAnswer]:
        request = SubgraphRequest("a", kind, text, variables or {}, headers)
        return asyncio.create_task(self.transport.execute(request))

    async def until_sent(self, number: int) -> None:
        for _ in range(1000):
            if len(self.subgraph.bodies) >= number:
                break
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        assert len(self.subgraph.bodies) == number == len(self.sent)


@pytest_asyncio.fixture(name="world")
async def _world() -> AsyncIterator[World]:
    async with raw_subgraph() as subgraph:
        world = World(subgraph)
        yield world
        world.gate.set()
        world.transport.close()


async def test_equal_queries_are_sent_once_and_answered_each(world: World) -> None:
    asked = [world.ask(**{"x-request-id": str(number), "authorization": "A"}) for number in range(5)]
    await world.until_sent(1)
    world.gate.set()
    answers = await asyncio.gather(*asked)
    assert [answer.data for answer in answers] == [{"n": [1]}] * 5
    assert answers[0].data is not answers[1].data
    assert answers[0].data["n"] is not answers[1].data["n"]  # type: ignore[index]


async def test_what_differs_is_asked_apart(world: World) -> None:
    asked = [
        world.ask(),
        world.ask(authorization="A"),
        world.ask(authorization="B"),
        world.ask(**{"x-api-key": "A"}),
        world.ask("{ n m }"),
        world.ask(variables={"x": 1}),
        world.ask(variables={"x": True}),
        world.ask("mutation { n }", "mutation"),
        world.ask("mutation { n }", "mutation"),
    ]
    await world.until_sent(len(asked))
    world.gate.set()
    answers = await asyncio.gather(*asked)
    assert sorted(answer.data["n"][0] for answer in answers if answer.data) == list(range(1, len(asked) + 1))


async def test_nobody_gets_an_answer_that_began_before_a_mutation(world: World) -> None:
    before = world.ask()
    await world.until_sent(1)
    changing = world.ask("mutation { n }", "mutation")
    await world.until_sent(2)
    world.subgraph.answers = [json({"data": {"n": "changed"}})]
    changing.cancel()  # however it ends
    await asyncio.sleep(0.01)
    after = world.ask()
    assert (await after).data == {"n": "changed"}
    world.gate.set()
    assert (await before).data == {"n": [1]}


async def test_the_call_goes_on_while_anyone_waits(world: World) -> None:
    first, second = world.ask(), world.ask()
    await world.until_sent(1)
    first.cancel()
    await asyncio.sleep(0.01)
    world.gate.set()
    assert (await second).data == {"n": [1]}
    with pytest.raises(asyncio.CancelledError):
        await first


async def test_the_call_ends_when_nobody_waits_any_more(world: World) -> None:
    first, second = world.ask(), world.ask()
    await world.until_sent(1)
    first.cancel()
    second.cancel()
    (connection,) = world.subgraph.connections
    third = world.ask()
    await world.until_sent(2)
    world.gate.set()
    assert (await third).data == {"n": [2]}
    async with asyncio.timeout(5):
        await connection.wait_closed()


async def test_a_failure_is_told_to_each(world: World) -> None:
    world.subgraph.answers = [hang_up]
    failures = await asyncio.gather(world.ask(), world.ask(), return_exceptions=True)
    assert len(set(map(id, failures))) == 2
    assert all(isinstance(failure, SubgraphFailure) for failure in failures)
    assert len(world.subgraph.bodies) == 2  # sent once more, for both
    assert orjson.dumps(world.subgraph.bodies[0]) == b'{"query":"{ n }"}'
