"""GraphQL over HTTP to subgraphs, on keep-alive connections.

The client is our own because it is most of what a request costs: a general one spends five times as much on each call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.subgraphs.answers import HttpAnswer
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest, identity_of
from rapport_gateway.subgraphs.connection import BrokenAnswer, Disconnected
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.in_flight import InFlight
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
        self._in_flight: InFlight[HttpAnswer] = InFlight()
        self._seconds = {"query": timeouts.query, "mutation": timeouts.mutation}

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """A query whose connection fails is sent once more, in what is left of its time. Raises SubgraphFailure."""
        body: dict[str, Any] = {"query": request.text}
        if request.variables:
            body["variables"] = request.variables
        content = orjson.dumps(body)
        if not self._shares:
            answer = await self._asked(request, content)
        elif request.kind == "query":
            answer = await self._shared(request, content)
        else:
            answer = await self._changed(request, content)
        return read_response(request.subgraph, answer.status, answer.media_type, answer.body)

    async def _shared(self, request: SubgraphRequest, content: bytes) -> HttpAnswer:
        """Who asks is part of the question; each who waits reads the answer's bytes for themselves."""
        key = (request.subgraph, content, identity_of(request.headers))
        try:
            return await self._in_flight.join(key, lambda: self._asked(request, content))
        except SubgraphFailure as failure:
            # Each gets an exception of their own.
            raise type(failure)(str(failure), failure.code) from failure

    async def _changed(self, request: SubgraphRequest, content: bytes) -> HttpAnswer:
        """Who reads after a change must not get what was read before it."""
        try:
            return await self._asked(request, content)
        finally:
            self._in_flight.close_doors()

    async def _asked(self, request: SubgraphRequest, content: bytes) -> HttpAnswer:
        deadline = asyncio.get_running_loop().time() + self._seconds[request.kind]
        try:
            return await self._send(request, content, deadline)
        except Disconnected as error:
            if request.kind != "query":
                raise _failed(request, "cannot be reached") from error
        try:
            return await self._send(request, content, deadline)
        except Disconnected as error:
            raise _failed(request, "cannot be reached") from error

    async def _send(self, request: SubgraphRequest, content: bytes, deadline: float) -> HttpAnswer:
        self._on_send(request.subgraph)
        try:
            return await self._origins[request.subgraph].post(request.headers, content, deadline)
        except BrokenAnswer as error:
            raise SubgraphFailure(f"subgraph '{request.subgraph}' {error}", SUBREQUEST_MALFORMED_RESPONSE) from error
        except TimeoutError as error:
            raise _failed(request, "did not answer in time") from error

    def close(self) -> None:
        for origin in self._origins.values():
            origin.close()


def _failed(request: SubgraphRequest, reason: str) -> SubgraphFailure:
    return SubgraphFailure(f"subgraph '{request.subgraph}' {reason}", SUBREQUEST_FAILED)
