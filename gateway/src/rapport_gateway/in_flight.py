"""One piece of work for all who ask for the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)
Cancel = Callable[[], object]


class Waiter(Protocol[T_contra]):
    """Who waits for a result; a future is one."""

    def done(self) -> bool:
        """Nothing is to be told any more."""
        ...

    def set_result(self, result: T_contra, /) -> None: ...

    def set_exception(self, problem: Exception, /) -> None: ...


def _same(thing: T) -> T:
    return thing


class InFlight(Generic[T]):
    """Work under way by what makes it the same. What it gives, or fails with, goes to all who wait."""

    def __init__(
        self, *, own_failure: Callable[[Exception], Exception] = _same, for_several: Callable[[T], T] = _same
    ) -> None:
        """`own_failure` makes one for each who waits, `for_several` what more than one may have of a result."""
        self._calls: dict[Hashable, _Call[T]] = {}
        self._own_failure = own_failure
        self._for_several = for_several

    async def join(self, key: Hashable, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The work goes on while anyone waits for it. Raises what the work raises."""
        waiter: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        leave = self.enter(key, partial(_begun, begin), waiter)
        try:
            return await waiter
        finally:
            leave()

    def has(self, key: Hashable) -> bool:
        return key in self._calls

    def enter(self, key: Hashable, begin: Callable[[Waiter[T]], Cancel], waiter: Waiter[T]) -> Cancel:
        """The same for who does not await: gives what to leave by."""
        call = self._calls.get(key)
        if call is not None:
            call.waiters.append(waiter)
            return partial(call.leave, waiter)
        call = self._calls[key] = _Call(partial(self._remove, key), self._own_failure, self._for_several)
        call.waiters.append(waiter)
        try:
            cancel = begin(call)
        except BaseException:
            self._remove(key, call)
            raise
        if not call.done():
            call.cancel = cancel
        return partial(call.leave, waiter)

    def close_doors(self) -> None:
        """Nobody joins what began until now: whoever asks from now on is to see what has happened."""
        self._calls.clear()

    def _remove(self, key: Hashable, call: _Call[T]) -> None:
        if self._calls.get(key) is call:
            del self._calls[key]


class _Call(Generic[T]):
    """Waits for the result, and tells all who wait for it."""

    __slots__ = ("_for_several", "_is_over", "_own_failure", "_remove", "cancel", "waiters")

    def __init__(
        self,
        remove: Callable[[_Call[T]], None],
        own_failure: Callable[[Exception], Exception],
        for_several: Callable[[T], T],
    ) -> None:
        self._remove = remove
        self._own_failure = own_failure
        self._for_several = for_several
        self._is_over = False
        self.waiters: list[Waiter[T]] = []
        self.cancel: Cancel | None = None

    def leave(self, waiter: Waiter[T]) -> None:
        if self._is_over:
            return
        self.waiters.remove(waiter)
        if not self.waiters:
            cancel = self.cancel
            self._end()
            if cancel is not None:
                cancel()

    def done(self) -> bool:
        return self._is_over

    def set_result(self, result: T) -> None:
        waiters = self._end()
        if len(waiters) > 1:
            result = self._for_several(result)
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(result)

    def set_exception(self, problem: Exception) -> None:
        for waiter in self._end():
            if not waiter.done():
                waiter.set_exception(self._own_failure(problem))

    def _end(self) -> list[Waiter[T]]:
        """Nothing refers to each other any more, for the garbage collector comes seldom."""
        self._is_over = True
        self.cancel = None
        self._remove(self)
        waiters, self.waiters = self.waiters, []
        return waiters


def _begun(begin: Callable[[], Coroutine[Any, Any, T]], waiter: Waiter[T]) -> Cancel:
    task = asyncio.create_task(begin())
    task.add_done_callback(partial(_pass_on, waiter))
    return task.cancel


def _pass_on(waiter: Waiter[T], task: asyncio.Task[T]) -> None:
    if task.cancelled() or waiter.done():
        return
    problem = task.exception()
    if problem is None:
        waiter.set_result(task.result())
    elif isinstance(problem, Exception):
        waiter.set_exception(problem)
