"""One run of a subscription for all clients to whom it gives the same answers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Hashable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from rapport_gateway.errors import SUBSCRIPTION_LOST
from rapport_gateway.subgraphs.client import SubgraphFailure
from rapport_gateway.subgraphs.streams import EventBuffer

Answer = dict[str, Any]
Answers = AbstractAsyncContextManager[AsyncIterator[Answer]]


class FanOut:
    """For the subgraphs named (`*`: all), whose streams hold nothing but news. A run takes new listeners for `max_age`
    seconds, so that subgraphs look at credentials again now and then."""

    def __init__(self, subgraphs: Collection[str] = (), *, max_age: float = 60.0) -> None:
        self._subgraphs = subgraphs
        self._max_age = max_age
        self._sources: dict[Hashable, _Source] = {}

    def shares(self, subgraph: str) -> bool:
        return subgraph in self._subgraphs or "*" in self._subgraphs

    @asynccontextmanager
    async def join(self, key: Hashable, begin: Callable[[], Answers]) -> AsyncIterator[AsyncIterator[Answer]]:
        """The answers from now on, each the same object for all. Raises what `begin` raises."""
        source = self._sources.get(key)
        if source is None or not source.takes_listeners(self._max_age):
            source = self._sources[key] = _Source(begin, lambda ended: self._forget(key, ended))
        listener = source.add()
        try:
            await source.opened()
            yield _each(listener)
        finally:
            await source.remove(listener)

    def _forget(self, key: Hashable, source: _Source) -> None:
        if self._sources.get(key) is source:
            del self._sources[key]


class _Source:
    """The task that runs the subscription, as long as anyone listens."""

    def __init__(self, begin: Callable[[], Answers], when_ended: Callable[[_Source], None]) -> None:
        loop = asyncio.get_running_loop()
        self._listeners: dict[int, EventBuffer[Answer]] = {}
        self._when_ended = when_ended
        self._began = loop.time()
        self._opened: asyncio.Future[None] = loop.create_future()
        self._task = loop.create_task(self._run(begin))

    def takes_listeners(self, max_age: float) -> bool:
        return not self._task.done() and asyncio.get_running_loop().time() < self._began + max_age

    async def opened(self) -> None:
        """Raises SubgraphFailure."""
        await asyncio.shield(self._opened)

    def add(self) -> EventBuffer[Answer]:
        listener: EventBuffer[Answer] = EventBuffer()
        self._listeners[id(listener)] = listener
        return listener

    async def remove(self, listener: EventBuffer[Answer]) -> None:
        del self._listeners[id(listener)]
        if not self._listeners:
            self._when_ended(self)
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self, begin: Callable[[], Answers]) -> None:
        failure: Exception | None = None
        try:
            async with begin() as answers:
                self._opened.set_result(None)
                async for answer in answers:
                    self._tell(answer)
        except Exception as problem:  # noqa: BLE001  (it is raised where the answers are awaited)
            failure = problem
        finally:
            self._when_ended(self)
            if not self._opened.done():
                self._fail_to_open(failure)
            for listener in self._listeners.values():
                listener.end(failure)

    def _fail_to_open(self, failure: Exception | None) -> None:
        if failure is None:
            self._opened.cancel()
        else:
            self._opened.set_exception(failure)
            self._opened.exception()  # those who wait may have left

    def _tell(self, answer: Answer) -> None:
        for listener in self._listeners.values():
            if listener.is_full:
                message = "events are not taken as fast as they come"
                listener.end(SubgraphFailure(message, SUBSCRIPTION_LOST))
            elif not listener.ended:
                listener.put(answer)


async def _each(listener: EventBuffer[Answer]) -> AsyncIterator[Answer]:
    while True:
        try:
            answer = await listener.take()
        except StopAsyncIteration:
            return
        yield answer
