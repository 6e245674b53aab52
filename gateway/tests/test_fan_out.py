"""One run of a subscription for many clients."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from gateway.tests.subgraph_world import Federation, Subgraph

from rapport_gateway.execution.fan_out import Answer, FanOut
from rapport_gateway.pipeline import GraphQLRequest
from rapport_gateway.server.encoding import Encoder
from rapport_gateway.subgraphs.client import SubgraphFailure


class Stream:
    """Answers fed by hand; `None` ends them, an exception breaks them off."""

    def __init__(self) -> None:
        self.opened = 0
        self.closed = 0
        self.refusal: Exception | None = None
        self._answers: asyncio.Queue[Any] = asyncio.Queue()

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncIterator[Answer]]:
        self.opened += 1
        await asyncio.sleep(0)
        if self.refusal is not None:
            raise self.refusal
        try:
            yield self._each()
        finally:
            self.closed += 1

    def ends(self) -> tuple[int, int]:
        return self.opened, self.closed

    async def _each(self) -> AsyncIterator[Answer]:
        while (answer := await self._answers.get()) is not None:
            if isinstance(answer, Exception):
                raise answer
            yield answer

    async def send(self, *answers: Any) -> None:
        for answer in answers:
            self._answers.put_nowait(answer)
        for _ in range(5):
            await asyncio.sleep(0)


async def take(answers: AsyncIterator[Answer], number: int) -> list[Answer]:
    async with asyncio.timeout(5):
        return [await anext(answers) for _ in range(number)]


async def test_all_get_the_same_object_from_one_run() -> None:
    fan_out, stream = FanOut({"a"}), Stream()
    async with AsyncExitStack() as stack:
        listeners = [await stack.enter_async_context(fan_out.join("k", stream.begin)) for _ in range(3)]
        await stream.send({"n": 1}, {"n": 2})
        late = await stack.enter_async_context(fan_out.join("k", stream.begin))
        await stream.send({"n": 3})
        taken = [await take(listener, 3) for listener in listeners]
        assert taken == [[{"n": 1}, {"n": 2}, {"n": 3}]] * 3
        assert taken[0][0] is taken[1][0] is taken[2][0]
        assert await take(late, 1) == [{"n": 3}]
        assert stream.ends() == (1, 0)
    assert stream.ends() == (1, 1)


async def test_keys_are_apart_and_old_runs_take_nobody() -> None:
    young, old, stream = FanOut({"*"}), FanOut({"*"}, max_age=0), Stream()
    async with young.join("a", stream.begin), young.join("b", stream.begin), young.join("a", stream.begin):
        assert stream.opened == 2
    async with old.join("a", stream.begin), old.join("a", stream.begin):
        assert stream.opened == 4
    assert stream.closed == 4
    async with young.join("a", stream.begin):
        assert stream.opened == 5


async def test_a_refusal_and_a_break_are_told_to_all() -> None:
    fan_out, stream = FanOut({"a"}), Stream()
    stream.refusal = SubgraphFailure("no", "FORBIDDEN")

    async def listen() -> list[Answer]:
        async with fan_out.join("k", stream.begin) as answers:
            return [answer async for answer in answers]

    refused = await asyncio.gather(listen(), listen(), return_exceptions=True)
    assert [str(problem) for problem in refused] == ["no", "no"]
    stream.refusal = None
    listening = asyncio.gather(listen(), listen(), return_exceptions=True)
    await stream.send({"n": 1}, SubgraphFailure("gone", "SUBSCRIPTION_LOST"))
    assert [str(problem) for problem in await listening] == ["gone", "gone"]
    listening = asyncio.gather(listen(), listen(), return_exceptions=True)
    await stream.send({"n": 1}, None)
    assert list(await listening) == [[{"n": 1}], [{"n": 1}]]
    assert stream.opened == 3


async def test_one_that_is_slow_is_ended_and_the_others_go_on() -> None:
    fan_out, stream = FanOut({"a"}), Stream()
    async with fan_out.join("k", stream.begin) as slow, fan_out.join("k", stream.begin) as quick:
        for number in range(70):
            await stream.send({"n": number})
            assert await take(quick, 1) == [{"n": number}]
        assert [answer["n"] for answer in await take(slow, 64)] == list(range(64))
        with pytest.raises(SubgraphFailure, match="not taken as fast"):
            await take(slow, 1)


async def test_who_leaves_while_it_opens_leaves_the_others_alone() -> None:
    fan_out, stream = FanOut({"a"}), Stream()
    leaving = asyncio.create_task(first_of(fan_out, stream))
    await asyncio.sleep(0)
    async with fan_out.join("k", stream.begin) as answers:
        leaving.cancel()
        await stream.send({"n": 1})
        assert await take(answers, 1) == [{"n": 1}]
    assert (stream.opened, stream.closed) == (1, 1)


async def first_of(fan_out: FanOut, stream: Stream) -> Answer:
    async with fan_out.join("k", stream.begin) as answers:
        return await anext(answers)


async def test_identities_variables_and_subgraphs_that_are_not_named_are_apart() -> None:
    async def ticks(_: Any, n: int) -> AsyncIterator[Any]:
        yield {"tick": n}
        await asyncio.Event().wait()

    world = Federation(a=Subgraph("type Query { a: Int } type Subscription { tick(n: Int!): Int }", {"tick": ticks}))

    async def opened(shared: set[str], *asked: tuple[int, dict[str, str]]) -> int:
        world.pipeline._fan_out = FanOut(shared)
        world.client.calls.clear()
        async with AsyncExitStack() as stack:
            for number, headers in asked:
                request = GraphQLRequest("subscription($n: Int!) { tick(n: $n) }", None, {"n": number}, headers)
                operation = world.pipeline.prepare(request)
                answers = await stack.enter_async_context(world.pipeline.subscribe(operation, request))
                assert await take(answers, 1) == [{"data": {"tick": number}}]
            return len(world.client.calls)

    def by(token: str, request_id: str) -> dict[str, str]:
        return {"authorization": token, "x-request-id": request_id}

    assert await opened({"a"}, (1, by("x", "1")), (2, by("x", "2")), (1, by("y", "3")), (1, {})) == 4
    assert await opened(set(), (1, by("x", "1")), (1, by("x", "2"))) == 2


def test_an_answer_is_encoded_once_in_a_row() -> None:
    encoder = Encoder()
    first, second = {"n": 1}, {"n": 1}
    text = encoder.encoded(first)
    assert text == b'{"n":1}'
    assert encoder.encoded(first) is text
    assert encoder.encoded(second) is not text
