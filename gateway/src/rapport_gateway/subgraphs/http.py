"""GraphQL over HTTP to subgraphs, on keep-alive connections.

The client is our own because it is most of what a request costs: a general one spends five times as much on each call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.connection import BrokenAnswer, Disconnected
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
        self, urls: Mapping[str, str], *, timeouts: Timeouts, max_answer_bytes: int, credentials: ServiceCredentials
    ) -> None:
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
        self._seconds = {"query": timeouts.query, "mutation": timeouts.mutation}

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """A query whose connection fails is sent once more, in what is left of its time. Raises SubgraphFailure."""
        body: dict[str, Any] = {"query": request.text}
        if request.variables:
            body["variables"] = request.variables
        content = orjson.dumps(body)
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

    async def _send(self, request: SubgraphRequest, content: bytes, deadline: float) -> SubgraphAnswer:
        try:
            answer = await self._origins[request.subgraph].post(request.headers, content, deadline)
        except BrokenAnswer as error:
            raise SubgraphFailure(f"subgraph '{request.subgraph}' {error}", SUBREQUEST_MALFORMED_RESPONSE) from error
        except TimeoutError as error:
            raise _failed(request, "did not answer in time") from error
        return read_response(request.subgraph, answer.status, answer.media_type, answer.body)

    def close(self) -> None:
        for origin in self._origins.values():
            origin.close()


def _failed(request: SubgraphRequest, reason: str) -> SubgraphFailure:
    return SubgraphFailure(f"subgraph '{request.subgraph}' {reason}", SUBREQUEST_FAILED)
