"""Work of the processor that takes long, done beside the event loop: other requests go on meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, TypeVar

from rapport_gateway.errors import OVERLOADED, refused

T = TypeVar("T")
MAX_WAITING = 100
_RETRY_SECONDS = 1


class Beside:
    """One thread, so that whoever sends much work of this kind waits behind others who do, and nobody else does.

    The thread shares the processor with the loop; the interpreter's switch interval says how long either holds it.
    """

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._under_way: dict[Hashable, asyncio.Future[Any]] = {}

    async def run(self, key: Hashable, work: Callable[[], T]) -> T:
        """What `work` gives or raises; done once for all who ask under the same key while it runs.

        Raises RequestRefused where too much is waiting already.
        """
        future = self._under_way.get(key)
        if future is None:
            if len(self._under_way) >= MAX_WAITING:
                headers = {"retry-after": str(_RETRY_SECONDS)}
                raise refused("The server has too much to do; try again.", OVERLOADED, 503, headers=headers)
            future = self._under_way[key] = self._begun(work)
            future.add_done_callback(lambda _: self._under_way.pop(key, None))
        result: T = await asyncio.shield(future)
        return result

    def _begun(self, work: Callable[[], T]) -> asyncio.Future[T]:
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, thread_name_prefix="beside")
        return asyncio.get_running_loop().run_in_executor(self._executor, copy_context().run, work)
