"""One call for all who ask the same at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True, eq=False)
class _Call(Generic[T]):
    task: asyncio.Task[T]
    waiting: int = 0


class InFlight(Generic[T]):
    """Calls under way by what makes them the same. What one of them gives, or raises, goes to all who wait for it."""

    def __init__(self) -> None:
        self._calls: dict[Hashable, _Call[T]] = {}

    async def join(self, key: Hashable, begin: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The call goes on while anyone waits for it."""
        call = self._calls.get(key)
        if call is None:
            call = self._calls[key] = _Call(asyncio.create_task(begin()))
            call.task.add_done_callback(lambda _: self._remove(key, call))
        call.waiting += 1
        try:
            return await asyncio.shield(call.task)
        finally:
            call.waiting -= 1
            if not call.waiting and not call.task.done():
                self._remove(key, call)
                call.task.cancel()

    def close_doors(self) -> None:
        """Nobody joins what began until now: whoever asks from now on is to see what has happened."""
        self._calls.clear()

    def _remove(self, key: Hashable, call: _Call[T]) -> None:
        if self._calls.get(key) is call:
            del self._calls[key]
