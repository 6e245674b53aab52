"""The client that production uses: HTTP for answers, WebSocket or SSE for streams, every request counted."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from time import perf_counter
from urllib.parse import urlsplit

import aiohttp

from rapport_gateway.in_flight import Cancel
from rapport_gateway.metrics import Metrics
from rapport_gateway.subgraphs.attempt import Begin
from rapport_gateway.subgraphs.call import Call, Send, Then
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.http import HttpTransport, Timeouts
from rapport_gateway.subgraphs.origin import keep_alive
from rapport_gateway.subgraphs.resuming import ResumingStream
from rapport_gateway.subgraphs.sse import SseTransport
from rapport_gateway.subgraphs.streams import EventStream, StreamSettings, StreamTransport
from rapport_gateway.subgraphs.websocket import WebSocketTransport
from rapport_gateway.supergraph.model import Subgraph

_LOG = logging.getLogger("rapport_gateway.subgraphs")
_LOG_EVERY_SECONDS = 10.0
_PORTS = {"http": 80, "https": 443}


class NetworkClient:
    def __init__(
        self,
        subgraphs: Iterable[Subgraph],
        *,
        metrics: Metrics,
        timeouts: Timeouts,
        streams: StreamSettings,
        max_answer_bytes: int,
        credentials: ServiceCredentials | None = None,
        shares_queries: bool = False,
    ) -> None:
        shown = credentials or ServiceCredentials()
        self._urls = {subgraph.name: subgraph.url for subgraph in subgraphs}
        self._metrics = metrics
        self._quiet_until: dict[str, float] = {}
        self._connect_timeout = timeouts.connect
        self._http = HttpTransport(
            self._urls,
            timeouts=timeouts,
            max_answer_bytes=max_answer_bytes,
            credentials=shown,
            shares=shares_queries,
            on_send=metrics.subgraph_request,
        )
        self._streams = streams
        self._made_session: aiohttp.ClientSession | None = None
        self._websocket = WebSocketTransport(
            self._urls,
            self._session,
            settings=streams,
            connect_timeout=timeouts.connect,
            max_message_bytes=max_answer_bytes,
            credentials=shown,
        )
        self._sse = SseTransport(
            self._urls,
            self._session,
            settings=streams,
            connect_timeout=timeouts.connect,
            max_message_bytes=max_answer_bytes,
            credentials=shown,
        )

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """Raises SubgraphFailure."""
        name, waiting = request.subgraph, self._metrics.subgraph_in_flight
        waiting[name] = waiting.get(name, 0) + 1
        began = perf_counter()
        try:
            if not self._metrics.tracer.is_on:
                return await self._http.execute(request)
            with self._metrics.tracer.call(name, request.headers) as headers:
                return await self._http.execute(replace(request, headers=headers))
        except SubgraphFailure as failure:
            self._note(request, failure)
            raise
        finally:
            waiting[name] -= 1
            self._metrics.subgraph_answered(name, perf_counter() - began)

    def ready(self, request: SubgraphRequest) -> Send | None:
        """What sends a query for who does not await it; to be called at once or not at all. None where it has to be
        awaited: it is to be traced, or no connection is there."""
        begin = None if self._metrics.tracer.is_on else self._http.ready(request)
        return None if begin is None else partial(self._sent, request, begin)

    def _sent(self, request: SubgraphRequest, begin: Begin, then: Then) -> Cancel:
        waiting = self._metrics.subgraph_in_flight
        waiting[request.subgraph] = waiting.get(request.subgraph, 0) + 1
        call = Call(request.subgraph, then, partial(self._ended, request, perf_counter()))
        call.abandon = begin(call)
        return call.cancel

    def _ended(self, request: SubgraphRequest, began: float, failure: SubgraphFailure | None) -> None:
        self._metrics.subgraph_in_flight[request.subgraph] -= 1
        self._metrics.subgraph_answered(request.subgraph, perf_counter() - began)
        if failure is not None:
            self._note(request, failure)

    @asynccontextmanager
    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[AsyncIterator[SubgraphAnswer]]:
        """Raises SubgraphFailure, also while iterating."""
        self._metrics.subgraph_request(request.subgraph)
        try:
            with self._metrics.tracer.call(request.subgraph, request.headers) as headers:
                stream = await self._open(replace(request, headers=headers))
            try:
                yield _each(stream)
            finally:
                await stream.close()
        except SubgraphFailure as failure:
            self._note(request, failure)
            raise

    async def _open(self, request: SubgraphRequest) -> EventStream:
        transport: StreamTransport = self._sse if self._streams.over_sse(request.subgraph) else self._websocket
        stream = await transport.open(request)
        if not self._streams.is_resumed(request.subgraph):
            return stream
        return ResumingStream(
            transport,
            request,
            stream,
            patience=self._streams.resume_patience,
            on_loss=lambda loss: self._note(request, loss),
        )

    def _note(self, request: SubgraphRequest, failure: SubgraphFailure) -> None:
        """Every failure is counted; of those of one subgraph, one in a while is logged."""
        self._metrics.subgraph_failure(request.subgraph, failure.code)
        now = asyncio.get_running_loop().time()
        if now >= self._quiet_until.get(request.subgraph, 0):
            self._quiet_until[request.subgraph] = now + _LOG_EVERY_SECONDS
            _LOG.warning("%s (%s, request %s)", failure, failure.__cause__, request.headers.get("x-request-id"))

    async def unreachable(self) -> list[str]:
        """The subgraphs whose host and port take no connection now."""
        names = list(self._urls)
        reachable = await asyncio.gather(*(self._takes_connections(self._urls[name]) for name in names))
        return [name for name, ok in zip(names, reachable, strict=True) if not ok]

    async def _takes_connections(self, url: str) -> bool:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme, 80)
        try:
            async with asyncio.timeout(self._connect_timeout):
                _, writer = await asyncio.open_connection(parts.hostname, port)
        except OSError:
            return False
        writer.close()
        return True

    def _session(self) -> aiohttp.ClientSession:
        """For streams. Made on first use, inside the running loop."""
        if self._made_session is None:
            connector = aiohttp.TCPConnector(limit=0, ttl_dns_cache=30, socket_factory=_kept_alive_socket)
            self._made_session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._made_session

    async def close(self) -> None:
        await self._websocket.close()
        if self._made_session is not None:
            await self._made_session.close()
        self._http.close()


def _kept_alive_socket(address: aiohttp.AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    keep_alive(made)
    return made


async def _each(stream: EventStream) -> AsyncIterator[SubgraphAnswer]:
    while True:
        try:
            event = await stream.__anext__()
        except StopAsyncIteration:
            return
        yield event
