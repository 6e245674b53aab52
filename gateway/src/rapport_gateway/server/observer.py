"""Spans and log lines around whole requests, for whoever asked for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager, nullcontext
from typing import Any

from rapport_gateway.logs import logged_request, note
from rapport_gateway.server.replies import Receive, Scope, Send
from rapport_gateway.server.requests import REQUEST_ID, request_headers
from rapport_gateway.tracing import Tracer


class Observer:
    def __init__(self, tracer: Tracer, *, log_requests: bool) -> None:
        self._tracer = tracer
        self._log_requests = log_requests
        self.is_on = tracer.is_on or log_requests

    async def http(
        self, serve: Callable[[Scope, Receive, Send], Awaitable[None]], scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Serve one request, observed."""

        async def noting(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                answered = request_headers(message["headers"])
                note(status=message["status"], request=answered.get(REQUEST_ID))
                if self._tracer.is_on:
                    self._tracer.describe({"http.response.status_code": message["status"]})
            await send(message)

        method = scope["method"]
        with self.operation(request_headers(scope["headers"]), method=method):
            await serve(scope, receive, noting)

    @contextmanager
    def operation(self, headers: Mapping[str, str], **facts: str) -> Iterator[None]:
        """One request over HTTP, or one operation of a connection that carries several."""
        attributes = {f"http.request.{name}": value for name, value in facts.items()}
        logged = logged_request(**facts) if self._log_requests else nullcontext()
        with logged, self._tracer.operation("graphql", headers, attributes):
            yield
