"""GraphQL over HTTP to subgraphs, on a keep-alive pool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest, read_answer

_HEADERS = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json;q=0.9",
    "accept-encoding": "identity",  # between neighbours, compression costs more than it saves
}
_OK = 200


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; `answer` is for the whole request."""

    connect: float = 0.5
    query: float = 10.0
    mutation: float = 30.0


class HttpTransport:
    """One connection pool for all subgraphs."""

    def __init__(self, urls: Mapping[str, str], *, timeouts: Timeouts, max_answer_bytes: int) -> None:
        self._urls = dict(urls)
        self._max_answer_bytes = max_answer_bytes
        self._timeouts = {
            "query": aiohttp.ClientTimeout(total=timeouts.query, sock_connect=timeouts.connect),
            "mutation": aiohttp.ClientTimeout(total=timeouts.mutation, sock_connect=timeouts.connect),
        }
        self._session: aiohttp.ClientSession | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """Made on first use, inside the running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=0, keepalive_timeout=30, ttl_dns_cache=30)
            self._session = aiohttp.ClientSession(
                connector=connector, auto_decompress=True, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """Raises SubgraphFailure."""
        body: dict[str, Any] = {"query": request.text}
        if request.variables:
            body["variables"] = request.variables
        content = orjson.dumps(body)
        try:
            return await self._send(request, content)
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientConnectionError, ConnectionError) as error:
            if request.kind != "query" or isinstance(error, TimeoutError):
                raise self._unreachable(request, error) from error
        try:
            return await self._send(request, content)
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(request, error) from error

    async def _send(self, request: SubgraphRequest, content: bytes) -> SubgraphAnswer:
        headers = {**_HEADERS, **request.headers}
        try:
            async with self.session.post(
                self._urls[request.subgraph], data=content, headers=headers, timeout=self._timeouts[request.kind]
            ) as response:
                text = await self._body(response, request.subgraph)
                return self._answer(request.subgraph, response.status, text)
        except aiohttp.ClientConnectionError:
            raise
        except aiohttp.ClientError as error:
            raise SubgraphFailure(
                f"subgraph '{request.subgraph}' broke off its answer", SUBREQUEST_MALFORMED_RESPONSE
            ) from error
        except TimeoutError as error:
            raise SubgraphFailure(f"subgraph '{request.subgraph}' did not answer in time", SUBREQUEST_FAILED) from error

    async def _body(self, response: aiohttp.ClientResponse, subgraph: str) -> bytes:
        limit = self._max_answer_bytes
        if response.content_length is not None and response.content_length <= limit:
            return await response.read()
        chunks: list[bytes] = []
        size = 0
        async for chunk in response.content.iter_any():
            size += len(chunk)
            if size > limit:
                raise SubgraphFailure(
                    f"subgraph '{subgraph}' answered with too much data", SUBREQUEST_MALFORMED_RESPONSE
                )
            chunks.append(chunk)
        return b"".join(chunks)

    def _answer(self, subgraph: str, status: int, text: bytes) -> SubgraphAnswer:
        """A GraphQL answer counts whatever its status is."""
        try:
            return read_answer(subgraph, orjson.loads(text))
        except orjson.JSONDecodeError as error:
            reason = f"subgraph '{subgraph}' answered with HTTP {status} and no JSON"
            raise SubgraphFailure(reason, SUBREQUEST_MALFORMED_RESPONSE) from error
        except ValueError as error:
            reason = str(error) if status == _OK else f"subgraph '{subgraph}' answered with HTTP {status}"
            raise SubgraphFailure(reason, SUBREQUEST_MALFORMED_RESPONSE) from error

    def _unreachable(self, request: SubgraphRequest, error: Exception) -> SubgraphFailure:
        if isinstance(error, TimeoutError):
            return SubgraphFailure(f"subgraph '{request.subgraph}' did not answer in time", SUBREQUEST_FAILED)
        return SubgraphFailure(f"subgraph '{request.subgraph}' cannot be reached", SUBREQUEST_FAILED)
