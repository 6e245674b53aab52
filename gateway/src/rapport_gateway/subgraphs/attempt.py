"""One query on its way to a subgraph, without a task of its own as long as its connection holds."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from rapport_gateway.in_flight import Cancel
from rapport_gateway.subgraphs.answers import HttpAnswer
from rapport_gateway.subgraphs.client import SubgraphFailure
from rapport_gateway.subgraphs.connection import Connection, Disconnected, Waiter
from rapport_gateway.subgraphs.origin import Origin

Begin = Callable[[Waiter], Cancel]
"""Begins what the waiter is to be told of."""


class Attempt:
    """Waits for a connection, and tells another waiter: of the answer, or of what `failed` makes of the failure. A
    connection that breaks before the answer begins is made up for by `again`."""

    __slots__ = ("_again", "_connection", "_failed", "_is_over", "_origin", "_task", "_waiter")

    def __init__(
        self,
        origin: Origin,
        waiter: Waiter,
        *,
        again: Callable[[], Awaitable[HttpAnswer]],
        failed: Callable[[Exception], SubgraphFailure],
    ) -> None:
        self._origin = origin
        self._waiter = waiter
        self._again = again
        self._failed = failed
        self._connection: Connection | None = None
        self._task: asyncio.Task[None] | None = None
        self._is_over = False

    def begin(self, headers: Mapping[str, str], content: bytes, deadline: float) -> None:
        """Where the origin has a connection."""
        self._connection = self._origin.begin(headers, content, deadline, self)

    def cancel(self) -> None:
        self._is_over = True
        if self._task is not None:
            self._task.cancel()
        elif self._connection is not None:
            self._connection.close()

    # -- the connection's waiter

    def done(self) -> bool:
        return self._is_over

    def set_result(self, answer: HttpAnswer) -> None:
        if self._connection is not None:
            self._origin.keep(self._connection)
        self._is_over = True
        self._waiter.set_result(answer)

    def set_exception(self, problem: Exception) -> None:
        if isinstance(problem, Disconnected):
            self._task = asyncio.get_running_loop().create_task(self._once_more())
        else:
            self._is_over = True
            self._waiter.set_exception(self._failed(problem))

    async def _once_more(self) -> None:
        try:
            answer = await self._again()
        except SubgraphFailure as failure:
            self._is_over = True
            self._waiter.set_exception(failure)
        else:
            self._is_over = True
            self._waiter.set_result(answer)
