"""Work of the processor that takes long, done beside the event loop: other requests go on meanwhile."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple, TypeVar

from rapport_gateway.errors import OVERLOADED, refused

T = TypeVar("T")
MAX_WAITING = 100
MAX_WAITING_OF_ONE = 20
"""Of one client, where clients are told apart."""
_RETRY_SECONDS = 1


class _Waiting(NamedTuple):
    work: Callable[[], Any]
    future: asyncio.Future[Any]


class Beside:
    """One thread, and clients in turns: whoever sends much work of this kind waits behind others who do, and nobody
    else does.

    The thread shares the processor with the loop; the interpreter's switch interval says how long either holds it.
    """

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._under_way: dict[Hashable, asyncio.Future[Any]] = {}
        self._waiting: dict[str, deque[_Waiting]] = {}  # by client; whose turn is next comes first
        self._is_busy = False

    async def run(self, key: Hashable, work: Callable[[], T], client: str = "") -> T:
        """What `work` gives or raises; done once for all who ask under the same key while it runs.

        Raises RequestRefused where too much is waiting already.
        """
        future = self._under_way.get(key)
        if future is None:
            self._check_room(client)
            future = self._under_way[key] = asyncio.get_running_loop().create_future()
            future.add_done_callback(lambda _: self._under_way.pop(key, None))
            self._waiting.setdefault(client, deque()).append(_Waiting(self._in_this_context(work), future))
            self._go_on()
        result: T = await asyncio.shield(future)
        return result

    def _check_room(self, client: str) -> None:
        of_client = len(self._waiting.get(client, ())) if client else 0
        if len(self._under_way) >= MAX_WAITING or of_client >= MAX_WAITING_OF_ONE:
            headers = {"retry-after": str(_RETRY_SECONDS)}
            raise refused("The server has too much to do; try again.", OVERLOADED, 503, headers=headers)

    def _in_this_context(self, work: Callable[[], T]) -> Callable[[], T]:
        context = copy_context()
        return lambda: context.run(work)

    def _go_on(self) -> None:
        if self._is_busy or not self._waiting:
            return
        client = next(iter(self._waiting))
        queue = self._waiting.pop(client)
        work, future = queue.popleft()
        if queue:
            self._waiting[client] = queue
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="beside")
        self._is_busy = True
        done = asyncio.get_running_loop().run_in_executor(self._executor, work)
        done.add_done_callback(lambda done: self._done(done, future))

    def _done(self, done: asyncio.Future[Any], future: asyncio.Future[Any]) -> None:
        self._is_busy = False
        problem = done.exception()
        if problem is None:
            future.set_result(done.result())
        else:
            future.set_exception(problem)
            future.exception()  # whoever asked may have left: that nobody takes it is no fault
        self._go_on()
