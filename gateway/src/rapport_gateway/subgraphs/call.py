"""A query to a subgraph for who does not await its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from rapport_gateway.in_flight import Cancel
from rapport_gateway.subgraphs.answers import HttpAnswer
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure
from rapport_gateway.subgraphs.reading import read_response

Outcome = SubgraphAnswer | SubgraphFailure
Then = Callable[[Outcome], None]
Send = Callable[[Then], Cancel]
"""Sends a request that is ready: the outcome is told later, what is given ends the waiting."""


class Call:
    """Reads the answer, and passes it on; `ended` is told first, whatever the end, None where nobody waits any more."""

    __slots__ = ("_ended", "_is_over", "_subgraph", "_then", "abandon")

    def __init__(self, subgraph: str, then: Then, ended: Callable[[SubgraphFailure | None], None]) -> None:
        self._subgraph = subgraph
        self._then = then
        self._ended = ended
        self._is_over = False
        self.abandon: Cancel | None = None

    def cancel(self) -> None:
        if not self._is_over:
            abandon = self.abandon
            self._end(None)
            if abandon is not None:
                abandon()

    def done(self) -> bool:
        return self._is_over

    def set_result(self, answer: HttpAnswer) -> None:
        try:
            read = read_response(self._subgraph, answer.status, answer.media_type, answer.body)
        except SubgraphFailure as failure:
            self.set_exception(failure)
            return
        self._end(None)
        self._then(read)

    def set_exception(self, problem: Exception) -> None:
        failure = cast("SubgraphFailure", problem)  # nothing else is told to who waits for an attempt
        self._end(failure)
        self._then(failure)

    def _end(self, failure: SubgraphFailure | None) -> None:
        """Nothing refers to each other any more, for the garbage collector comes seldom."""
        self._is_over = True
        self.abandon = None
        self._ended(failure)
