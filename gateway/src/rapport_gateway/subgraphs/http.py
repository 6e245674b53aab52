"""GraphQL over HTTP to subgraphs, on keep-alive connections.

The client is our own because it is most of what a request costs: a general one spends five times as much on each call.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache, partial
from time import monotonic

import orjson

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.in_flight import Cancel, InFlight
from rapport_gateway.subgraphs.answers import HttpAnswer
from rapport_gateway.subgraphs.attempt import Attempt, Begin
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest, identity_of
from rapport_gateway.subgraphs.connection import BrokenAnswer, Disconnected, Waiter
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.origin import Origin
from rapport_gateway.subgraphs.reading import read_response

_HEADERS = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json;q=0.9",
    "accept-encoding": "identity",  # between neighbours, compression costs more than it saves
    "user-agent": "rapport-gateway",
}


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; all but `connect` are for the whole request."""

    connect: float = 0.5
    query: float = 10.0
    mutation: float = 30.0


class HttpTransport:
    """Keep-alive connections to all subgraphs."""

    def __init__(
        self,
        urls: Mapping[str, str],
        *,
        timeouts: Timeouts,
        max_answer_bytes: int,
        credentials: ServiceCredentials,
        shares: bool = False,
        on_send: Callable[[str], object] = len,
    ) -> None:
        """`shares`: equal queries of one identity that wait at the same time are sent once. `on_send` is told the
        subgraph of every request that is sent."""
        self._origins = {
            name: Origin(
                url,
                _HEADERS,
                connect_timeout=timeouts.connect,
                limit=max_answer_bytes,
                credential=partial(credentials.line, name),
            )
            for name, url in urls.items()
        }
        self._shares = shares
        self._on_send = on_send
        self._in_flight: InFlight[HttpAnswer] = InFlight(own_failure=_another)
        self._seconds = {"query": timeouts.query, "mutation": timeouts.mutation}

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """A query whose connection fails is sent once more, in what is left of its time. Raises SubgraphFailure."""
        content = _content(request)
        if not self._shares:
            answer = await self._asked(request, content)
        elif request.kind == "query":
            answer = await self._in_flight.join(_key(request, content), partial(self._asked, request, content))
        else:
            answer = await self._changed(request, content)
        return read_response(request.subgraph, answer.status, answer.media_type, answer.body)

    def ready(self, request: SubgraphRequest) -> Begin | None:
        """The same for a query that nobody awaits: what is given begins it, now or not at all, for a waiter that is
        told the answer or a SubgraphFailure. None where there is nothing to begin it with at once."""
        content = _content(request)
        begin = partial(self._begun, request, content)
        is_open = self._origins[request.subgraph].has_connection
        if not self._shares:
            return begin if is_open else None
        key = _key(request, content)
        return partial(self._in_flight.enter, key, begin) if is_open or self._in_flight.has(key) else None

    def _begun(self, request: SubgraphRequest, content: bytes, waiter: Waiter) -> Cancel:
        deadline = monotonic() + self._seconds["query"]
        again = partial(self._last_try, request, content, deadline)
        attempt = Attempt(self._origins[request.subgraph], waiter, again=again, failed=partial(_failure, request))
        self._on_send(request.subgraph)
        attempt.begin(request.headers, content, deadline)
        return attempt.cancel

    async def _changed(self, request: SubgraphRequest, content: bytes) -> HttpAnswer:
        """Who reads after a change must not get what was read before it."""
        try:
            return await self._asked(request, content)
        finally:
            self._in_flight.close_doors()

    async def _asked(self, request: SubgraphRequest, content: bytes) -> HttpAnswer:
        deadline = monotonic() + self._seconds[request.kind]
        if request.kind == "query":
            with suppress(Disconnected):
                return await self._send(request, content, deadline, is_repeatable=True)
        return await self._last_try(request, content, deadline)

    async def _last_try(self, request: SubgraphRequest, content: bytes, deadline: float) -> HttpAnswer:
        try:
            return await self._send(request, content, deadline, is_repeatable=False)
        except Disconnected as error:
            raise _failure(request, error) from error

    async def _send(
        self, request: SubgraphRequest, content: bytes, deadline: float, *, is_repeatable: bool
    ) -> HttpAnswer:
        self._on_send(request.subgraph)
        origin = self._origins[request.subgraph]
        try:
            return await origin.post(request.headers, content, deadline, is_repeatable=is_repeatable)
        except (BrokenAnswer, TimeoutError) as error:
            raise _failure(request, error) from error

    def close(self) -> None:
        for origin in self._origins.values():
            origin.close()


def _content(request: SubgraphRequest) -> bytes:
    if not request.variables:
        return _without_variables(request.text)
    return orjson.dumps({"query": request.text, "variables": request.variables})


@lru_cache(maxsize=1024)
def _without_variables(text: str) -> bytes:
    return orjson.dumps({"query": text})


def _key(request: SubgraphRequest, content: bytes) -> Hashable:
    """Who asks is part of the question; each who waits reads the answer's bytes for themselves."""
    return request.subgraph, content, identity_of(request.headers)


def _another(problem: Exception) -> Exception:
    """The same failure, to be raised elsewhere."""
    return type(problem)(str(problem), problem.code) if isinstance(problem, SubgraphFailure) else problem


def _failure(request: SubgraphRequest, problem: Exception) -> SubgraphFailure:
    match problem:
        case BrokenAnswer():
            return SubgraphFailure(f"subgraph '{request.subgraph}' {problem}", SUBREQUEST_MALFORMED_RESPONSE)
        case TimeoutError():
            reason = "did not answer in time"
        case _:
            reason = "cannot be reached"
    return SubgraphFailure(f"subgraph '{request.subgraph}' {reason}", SUBREQUEST_FAILED)
