"""Large documents are read beside the loop."""

from __future__ import annotations

import asyncio
import threading

import pytest
from gateway.tests.crm import pipeline

from rapport_gateway.beside import MAX_WAITING, MAX_WAITING_OF_ONE, Beside
from rapport_gateway.errors import RequestRefused
from rapport_gateway.pipeline import GraphQLRequest, Pipeline

LONG = "query Long { customers(first: 1) { nodes { id } } } #" + "x" * 2_000
LONG_AND_WRONG = "query Wrong { nothing } #" + "x" * 2_000


def asked(text: str) -> GraphQLRequest:
    return GraphQLRequest(text, None, {}, {})


async def test_the_loop_goes_on_while_a_document_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    may_go_on, threads = threading.Event(), []
    by = pipeline()
    read = by._reader.read

    def slowly(text: str) -> object:
        threads.append(threading.current_thread())
        assert may_go_on.wait(10)
        return read(text)

    monkeypatch.setattr(by._reader, "read", slowly)
    reading = [asyncio.create_task(by.prepared(asked(LONG))) for _ in range(3)]
    await asyncio.sleep(0)
    may_go_on.set()
    first, *others = [await task for task in reading]
    assert all(operation is first for operation in others), "read once for all who wait"
    assert [thread.name.startswith("beside") for thread in threads] == [True]
    assert await by.prepared(asked(LONG)) is first
    assert len(threads) == 1


async def test_a_refusal_is_the_same_and_is_remembered() -> None:
    by = pipeline()
    told = [await _refusal(by, LONG_AND_WRONG) for _ in range(2)]
    with pytest.raises(RequestRefused) as at_once:
        pipeline().prepare(asked(LONG_AND_WRONG))
    assert told[0].errors == told[1].errors == at_once.value.errors


async def _refusal(by: Pipeline, text: str) -> RequestRefused:
    with pytest.raises(RequestRefused) as refused:
        await by.prepared(asked(text))
    return refused.value


async def test_no_more_than_so_much_waits() -> None:
    may_go_on, beside = threading.Event(), Beside()
    waiting = [asyncio.create_task(beside.run(number, may_go_on.wait)) for number in range(MAX_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(RequestRefused) as refused:
        await beside.run("one more", may_go_on.wait)
    assert (refused.value.status, refused.value.headers) == (503, {"retry-after": "1"})
    assert refused.value.errors[0]["extensions"] == {"code": "OVERLOADED"}
    may_go_on.set()
    assert all(await asyncio.gather(*waiting))
    assert await beside.run("one more", lambda: 5) == 5


async def test_clients_take_turns_and_one_alone_does_not_fill_the_queue() -> None:
    may_go_on, beside, done = threading.Event(), Beside(), list[str]()

    def asked_by(client: str, number: int) -> asyncio.Task[None]:
        name = f"{client}{number}"
        return asyncio.create_task(beside.run(name, lambda: done.append(name), client))

    first = asyncio.create_task(beside.run("first", lambda: may_go_on.wait(10), "many"))
    await asyncio.sleep(0)
    waiting = [asked_by("many", number) for number in range(MAX_WAITING_OF_ONE)]
    await asyncio.sleep(0)
    with pytest.raises(RequestRefused) as refused:
        await asked_by("many", MAX_WAITING_OF_ONE)
    assert refused.value.status == 503
    waiting += [asked_by("few", number) for number in range(2)]
    await asyncio.sleep(0)
    may_go_on.set()
    await asyncio.gather(first, *waiting)
    assert done[:5] == ["many0", "few0", "many1", "few1", "many2"]


async def test_who_leaves_does_not_end_what_others_wait_for() -> None:
    may_go_on, beside = threading.Event(), Beside()
    leaving, staying = (asyncio.create_task(beside.run("a", may_go_on.wait)) for _ in range(2))
    await asyncio.sleep(0)
    leaving.cancel()
    may_go_on.set()
    assert await staying
    assert leaving.cancelled() or leaving.cancelling()
