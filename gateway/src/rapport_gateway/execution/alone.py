"""A query that a single fetch answers, run without awaiting anything: what comes is taken as soon as it is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rapport_gateway.execution.answer import answer_of
from rapport_gateway.execution.failures import note_failure
from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.run import take_root
from rapport_gateway.execution.state import Run
from rapport_gateway.metrics import Executing
from rapport_gateway.planning.plan import Fetch
from rapport_gateway.subgraphs.attempt import Cancel
from rapport_gateway.subgraphs.call import Outcome, Send
from rapport_gateway.subgraphs.client import SubgraphAnswer


class Alone:
    __slots__ = ("_abandon", "_fetch", "_measured", "_projection", "_run", "_send", "_then")

    def __init__(self, run: Run, fetch: Fetch, projection: Projection, send: Send, measured: Executing) -> None:
        """`send` is for the request of the fetch."""
        self._run = run
        self._fetch = fetch
        self._projection = projection
        self._send = send
        self._measured = measured
        self._then: Callable[[dict[str, Any]], None]
        self._abandon: Cancel

    def begin(self, then: Callable[[dict[str, Any]], None]) -> None:
        """`then` is given the answer, later, unless it is not waited for any more."""
        self._then = then
        self._measured.__enter__()
        self._abandon = self._send(self._told)

    def cancel(self) -> None:
        """Only before `then` is called."""
        self._abandon()
        self._measured.__exit__()

    def _told(self, outcome: Outcome) -> None:
        if isinstance(outcome, SubgraphAnswer):
            take_root(self._run, self._fetch, outcome, [self._run.data])
        else:
            note_failure(self._run, self._fetch, outcome)
        answer = answer_of(self._run, self._projection)
        self._measured.__exit__()
        self._then(answer)
