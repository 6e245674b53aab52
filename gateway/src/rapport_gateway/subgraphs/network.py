"""The client that production uses: HTTP for answers, WebSocket for streams, every request counted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from rapport_gateway.metrics import Metrics
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.http import HttpTransport, Timeouts
from rapport_gateway.subgraphs.websocket import WebSocketTransport
from rapport_gateway.supergraph.model import Subgraph

_PORTS = {"http": 80, "https": 443}


class NetworkClient:
    def __init__(
        self, subgraphs: Iterable[Subgraph], *, metrics: Metrics, timeouts: Timeouts, max_answer_bytes: int
    ) -> None:
        self._urls = {subgraph.name: subgraph.url for subgraph in subgraphs}
        self._metrics = metrics
        self._connect_timeout = timeouts.connect
        self._http = HttpTransport(self._urls, timeouts=timeouts, max_answer_bytes=max_answer_bytes)
        self._websocket = WebSocketTransport(
            self._urls, connect_timeout=timeouts.connect, max_message_bytes=max_answer_bytes
        )

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """Raises SubgraphFailure."""
        self._metrics.subgraph_request(request.subgraph)
        try:
            return await self._http.execute(request)
        except SubgraphFailure as failure:
            self._metrics.subgraph_failure(request.subgraph, failure.code)
            raise

    @asynccontextmanager
    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[AsyncIterator[SubgraphAnswer]]:
        """Raises SubgraphFailure, also while iterating."""
        self._metrics.subgraph_request(request.subgraph)
        try:
            async with self._websocket.subscribe(self._http.session, request) as answers:
                yield answers
        except SubgraphFailure as failure:
            self._metrics.subgraph_failure(request.subgraph, failure.code)
            raise

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

    async def close(self) -> None:
        await self._http.close()
