"""The ASGI application: a dispatch by path, nothing around it."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import orjson

from rapport_gateway.errors import METHOD_NOT_ALLOWED, NOT_FOUND, RequestRefused, error
from rapport_gateway.metrics import Metrics
from rapport_gateway.server.direct import DirectWay
from rapport_gateway.server.http import HttpEndpoint
from rapport_gateway.server.in_force import InForce
from rapport_gateway.server.negotiation import JSON
from rapport_gateway.server.observer import Observer
from rapport_gateway.server.page.content import page_content
from rapport_gateway.server.page.endpoint import PageEndpoint
from rapport_gateway.server.replies import refuse_socket, respond
from rapport_gateway.server.running import Runner
from rapport_gateway.server.sse import EventStreams
from rapport_gateway.server.websocket import WebSocketEndpoint
from rapport_gateway.server.worker_metrics import WorkerMetrics
from rapport_gateway.settings import Settings

GRAPHQL_PATH = "/graphql"
_READING = frozenset({"GET", "HEAD"})


class Application:
    """`close_sockets` and `close` are for shutdown; `direct` is for a server that can do without ASGI."""

    def __init__(
        self, in_force: InForce, metrics: Metrics, settings: Settings, workers: WorkerMetrics | None = None
    ) -> None:
        """`workers`: where several processes serve one address."""
        self._in_force = in_force
        self._metrics = metrics
        self._workers = workers
        admission = in_force.admission
        self._observer = Observer(metrics.tracer, log_requests=settings.log_requests)
        runner = Runner(admission, metrics, self._observer)
        self._streams = EventStreams(runner, settings)
        self.direct = DirectWay(admission, in_force.client_limits, in_force.ready, metrics, settings)
        self._graphql = HttpEndpoint(admission, self._streams, metrics, settings)
        self._websocket = WebSocketEndpoint(runner, metrics, settings)
        self._page = PageEndpoint(page_content(settings))
        self._draining = False

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        limits = self._in_force.client_limits
        if limits is None:
            await self._dispatch(scope, receive, send)
            return
        with limits.coming_from(scope):
            if scope["type"] != "websocket":
                await self._dispatch(scope, receive, send)
                return
            try:
                with limits.connected():
                    await self._dispatch(scope, receive, send)
            except RequestRefused as problem:
                await receive()
                await refuse_socket(scope, send, problem)

    async def _dispatch(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            if scope["path"] == GRAPHQL_PATH:
                if self._observer.is_on:
                    await self._observer.http(self._graphql, scope, receive, send)
                else:
                    await self._graphql(scope, receive, send)
            elif scope["path"] in self._page and scope["method"] in _READING:
                await self._page(scope, send)
            else:
                await self._operations(scope, send)
        elif scope["type"] == "websocket":
            if scope["path"] == GRAPHQL_PATH and not self._draining:
                await self._websocket(scope, receive, send)
            else:
                await receive()
                await send({"type": "websocket.close"})

    async def close_sockets(self, seconds: float) -> None:
        self._draining = True
        await asyncio.gather(self._websocket.close_all(seconds), self._streams.close_all(seconds))

    async def close(self) -> None:
        await self._in_force.close()

    async def _operations(self, scope: MutableMapping[str, Any], send: Any) -> None:
        status, body, media_type = await self._operational(scope["method"], scope["path"])
        await respond(send, status, body, media_type)

    async def _operational(self, method: str, path: str) -> tuple[int, bytes, str]:
        if path not in {"/health", "/ready", "/metrics"}:
            return 404, _errors(f"There is nothing at {path}.", NOT_FOUND), JSON
        if method not in _READING:
            return 405, _errors(f"{method} is not allowed here.", METHOD_NOT_ALLOWED), JSON
        if path == "/metrics":
            text = self._metrics.render() if self._workers is None else await self._workers.render()
            return 200, text, "text/plain; version=0.0.4"
        if path == "/health":
            return 200, orjson.dumps({"status": "ok"}), JSON
        unreachable = [] if self._draining else await self._in_force.client.unreachable()
        ready = not unreachable and not self._draining
        status = "draining" if self._draining else "ready" if ready else "not ready"
        return 200 if ready else 503, orjson.dumps({"status": status, "unreachable": unreachable}), JSON


def _errors(message: str, code: str) -> bytes:
    return orjson.dumps({"errors": [error(message, code)]})
