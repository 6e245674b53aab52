"""A query run without awaiting anything: what comes is taken when it is there, in the callbacks of connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from rapport_gateway.execution.answer import answer_of
from rapport_gateway.execution.asking import ask
from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.state import Asked, Run
from rapport_gateway.in_flight import Cancel, Waiter
from rapport_gateway.metrics import Executing
from rapport_gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence
from rapport_gateway.subgraphs.call import Outcome, Send
from rapport_gateway.subgraphs.client import SubgraphFailure, SubgraphRequest

Ready = Callable[[SubgraphRequest], Send | None]
"""What sends a request at once, None where that cannot be."""
Then = Callable[[], None]


class Unawaited:
    """The same as `run_node` and `answer_of`. Where a request cannot be sent at once, it is awaited in a task."""

    __slots__ = ("_asked", "_is_over", "_measured", "_projection", "_ready", "_run", "_under_way", "_waiter")

    def __init__(
        self, run: Run, projection: Projection, ready: Ready, measured: Executing, waiter: Waiter[dict[str, Any]]
    ) -> None:
        """The waiter is told the answer, unless it is not waited for any more."""
        self._run = run
        self._projection = projection
        self._ready = ready
        self._measured = measured
        self._waiter = waiter
        self._under_way: dict[int, Cancel] = {}
        self._asked = 0
        self._is_over = False

    def begin(self, node: PlanNode) -> None:
        self._measured.__enter__()
        self._go(partial(self._do, node, self._finish))

    def cancel(self) -> None:
        if not self._is_over:
            self._end()

    def _end(self) -> None:
        self._is_over = True
        under_way, self._under_way = self._under_way, {}
        for cancel in under_way.values():
            cancel()
        self._measured.__exit__()

    def _go(self, step: Then) -> None:
        """Nothing may be raised: others may wait for the same answer of the subgraph."""
        try:
            step()
        except Exception as problem:
            if self._is_over:
                raise
            self._end()
            self._waiter.set_exception(problem)

    def _finish(self) -> None:
        answer = answer_of(self._run, self._projection)
        self._end()
        self._waiter.set_result(answer)

    # -- the nodes of the plan

    def _do(self, node: PlanNode, then: Then) -> None:
        match node:
            case Fetch():
                asked = ask(self._run, node)
                if asked is None:
                    then()
                else:
                    self._send(asked, then)
            case Sequence():
                self._in_order(iter(node.nodes), then)
            case Parallel():
                left = [len(node.nodes)]
                for inner in node.nodes:
                    self._do(inner, partial(_when_all, left, then))
            case _:
                raise TypeError("only queries are run without being awaited")

    def _in_order(self, nodes: Iterator[PlanNode], then: Then) -> None:
        node = next(nodes, None)
        if node is None:
            then()
        else:
            self._do(node, partial(self._in_order, nodes, then))

    # -- requests

    def _send(self, asked: Asked, then: Then) -> None:
        request, take = asked
        self._asked = number = self._asked + 1
        send = self._ready(request)
        if send is not None:
            self._under_way[number] = send(partial(self._told, number, take, then))
            return
        task = asyncio.get_running_loop().create_task(self._awaited(request, number, take, then))
        self._under_way[number] = task.cancel

    async def _awaited(
        self, request: SubgraphRequest, number: int, take: Callable[[Outcome], None], then: Then
    ) -> None:
        outcome: Outcome
        try:
            outcome = await self._run.client.execute(request)
        except SubgraphFailure as failure:
            outcome = failure
        except Exception as problem:  # noqa: BLE001  (whoever waits for the answer is told)
            self._go(partial(_raise, problem))
            return
        self._told(number, take, then, outcome)

    def _told(self, number: int, take: Callable[[Outcome], None], then: Then, outcome: Outcome) -> None:
        if self._is_over:
            return
        del self._under_way[number]
        self._go(partial(_in_turn, take, outcome, then))


def _when_all(left: list[int], then: Then) -> None:
    left[0] -= 1
    if not left[0]:
        then()


def _in_turn(take: Callable[[Outcome], None], outcome: Outcome, then: Then) -> None:
    take(outcome)
    then()


def _raise(problem: Exception) -> None:
    raise problem
