"""One call for all who ask the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any

from rapport_gateway.subgraphs.answers import HttpAnswer
from rapport_gateway.subgraphs.attempt import Begin, Cancel
from rapport_gateway.subgraphs.client import SubgraphFailure
from rapport_gateway.subgraphs.connection import Waiter


class InFlight:
    """Calls under way by what makes them the same. What one of them gives, or fails with, goes to all who wait."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call] = {}

    async def join(self, key: Hashable, begin: Callable[[], Coroutine[Any, Any, HttpAnswer]]) -> HttpAnswer:
        """The call goes on while anyone waits for it. Raises SubgraphFailure."""
        waiter: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        leave = self.enter(key, partial(_begun, begin), waiter)
        try:
            return await waiter
        finally:
            leave()

    def has(self, key: Hashable) -> bool:
        return key in self._calls

    def enter(self, key: Hashable, begin: Begin, waiter: Waiter) -> Cancel:
        """The same for who does not await: gives what to leave by."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(partial(self._remove, key))
            call.cancel = begin(call)
        call.waiters.append(waiter)
        return partial(call.leave, waiter)

    def close_doors(self) -> None:
        """Nobody joins what began until now: whoever asks from now on is to see what has happened."""
        self._calls.clear()

    def _remove(self, key: Hashable, call: _Call) -> None:
        if self._calls.get(key) is call:
            del self._calls[key]


class _Call:
    """Waits for the answer, and tells all who wait for it; each gets a failure of their own."""

    __slots__ = ("_is_over", "_remove", "cancel", "waiters")

    def __init__(self, remove: Callable[[_Call], None]) -> None:
        self._remove = remove
        self._is_over = False
        self.waiters: list[Waiter] = []
        self.cancel: Cancel | None = None

    def leave(self, waiter: Waiter) -> None:
        if self._is_over:
            return
        self.waiters.remove(waiter)
        if not self.waiters:
            self._end()
            if self.cancel is not None:
                self.cancel()

    def done(self) -> bool:
        return self._is_over

    def set_result(self, answer: HttpAnswer) -> None:
        for waiter in self._end():
            if not waiter.done():
                waiter.set_result(answer)

    def set_exception(self, problem: Exception) -> None:
        for waiter in self._end():
            if not waiter.done():
                own = type(problem)(str(problem), problem.code) if isinstance(problem, SubgraphFailure) else problem
                waiter.set_exception(own)

    def _end(self) -> list[Waiter]:
        self._is_over = True
        self._remove(self)
        return self.waiters


def _begun(begin: Callable[[], Coroutine[Any, Any, HttpAnswer]], waiter: Waiter) -> Cancel:
    task = asyncio.create_task(begin())
    task.add_done_callback(partial(_pass_on, waiter))
    return partial(_cancel, task)


def _cancel(task: asyncio.Task[HttpAnswer]) -> None:
    task.cancel()


def _pass_on(waiter: Waiter, task: asyncio.Task[HttpAnswer]) -> None:
    if task.cancelled() or waiter.done():
        return
    problem = task.exception()
    if problem is None:
        waiter.set_result(task.result())
    elif isinstance(problem, Exception):
        waiter.set_exception(problem)
