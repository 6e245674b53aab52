"""GraphQL over HTTP to subgraphs, on a keep-alive pool."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.reading import read_body, read_response

_HEADERS = {
    "content-type": "application/json",
    "accept": "application/graphql-response+json, application/json;q=0.9",
    "accept-encoding": "identity",  # between neighbours, compression costs more than it saves
}
# A peer that vanished without a word is noticed on idle connections and silent streams too.
_KEEP_ALIVE = (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds; all but `connect` are for the whole request."""

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

    def session(self) -> aiohttp.ClientSession:
        """Made on first use, inside the running loop."""
        if self._session is None:
            connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=30, ttl_dns_cache=30, socket_factory=_kept_alive_socket
            )
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """A query whose connection fails is sent once more, in what is left of its time. Raises SubgraphFailure."""
        body: dict[str, Any] = {"query": request.text}
        if request.variables:
            body["variables"] = request.variables
        content = aiohttp.BytesPayload(orjson.dumps(body))
        timeout = self._timeouts[request.kind]
        loop = asyncio.get_running_loop()
        started = loop.time()
        try:
            return await self._send(request, content, timeout)
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            left = (timeout.total or 0) - (loop.time() - started)
            if request.kind != "query" or isinstance(error, TimeoutError) or left <= 0:
                raise _unreachable(request, error) from error
        try:
            again = aiohttp.ClientTimeout(total=left, sock_connect=timeout.sock_connect)
            return await self._send(request, content, again)
        except (aiohttp.ClientConnectionError, ConnectionError) as error:
            raise _unreachable(request, error) from error

    async def _send(
        self, request: SubgraphRequest, content: aiohttp.BytesPayload, limits: aiohttp.ClientTimeout
    ) -> SubgraphAnswer:
        subgraph = request.subgraph
        try:
            async with self.session().post(
                self._urls[subgraph],
                data=content,
                headers={**_HEADERS, **request.headers},
                timeout=limits,
                allow_redirects=False,
            ) as response:
                body = await read_body(subgraph, response, self._max_answer_bytes)
                return read_response(subgraph, response, body)
        except (aiohttp.ClientConnectionError, ConnectionError):
            raise
        except aiohttp.ClientPayloadError as error:
            raise SubgraphFailure(
                f"subgraph '{subgraph}' broke off its answer", SUBREQUEST_MALFORMED_RESPONSE
            ) from error
        except aiohttp.ClientError as error:
            reason = f"subgraph '{subgraph}' answered with what is no HTTP"
            raise SubgraphFailure(reason, SUBREQUEST_MALFORMED_RESPONSE) from error
        except TimeoutError as error:
            raise _unreachable(request, error) from error


def _unreachable(request: SubgraphRequest, error: Exception) -> SubgraphFailure:
    reason = "did not answer in time" if isinstance(error, TimeoutError) else "cannot be reached"
    return SubgraphFailure(f"subgraph '{request.subgraph}' {reason}", SUBREQUEST_FAILED)


def _kept_alive_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    return made
