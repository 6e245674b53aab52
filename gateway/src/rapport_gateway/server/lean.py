"""uvicorn's HTTP protocol with a short way for plain requests.

Of what a small request costs, most goes into the parser's callbacks and the objects around each request. A plain
request is taken apart here in one step and given to the same ASGI application; everything else goes uvicorn's way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from rapport_gateway.server.direct import DirectAnswer, DirectWay
from rapport_gateway.server.plain_request import Head, PlainRequests

ON_LEAVE = "rapport.on_leave"
"""A scope extension: a function that takes what to call when the client leaves before it has its answer."""

_LOG = logging.getLogger("rapport_gateway.http")
_ASGI = {"version": "3.0", "spec_version": "2.3"}
_MAX_WAITING_BYTES = 64 * 1024
_REQUESTS = PlainRequests()


class LeanProtocol(HttpToolsProtocol):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._is_inside_message = False
        self._direct: DirectWay | None = getattr(self.app, "direct", None)
        self._is_busy = False
        self._answer: _Answer | DirectAnswer | None = None
        self._waiting = b""
        self._is_stopping = False
        self._idle_since = 0.0

    # -- asyncio

    def data_received(self, data: bytes) -> None:
        if self._is_busy:
            self._waiting += data
            if len(self._waiting) > _MAX_WAITING_BYTES:
                self.transport.pause_reading()
            return
        is_free = not self._is_inside_message and (self.cycle is None or self.cycle.response_complete)
        plain = _REQUESTS.read(data) if is_free and self.limit_concurrency is None else None
        if plain is None:
            super().data_received(data)
        else:
            self._start(*plain)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answer is not None:
            self._answer.cancel()
        super().connection_lost(exc)
        self._unset_keepalive_if_required()

    def shutdown(self) -> None:
        self._is_stopping = True
        if not self._is_busy:
            super().shutdown()

    def timeout_keep_alive_handler(self) -> None:
        """The short way sets no timer for each request: the one that runs looks when the last answer was sent."""
        self.timeout_keep_alive_task = None
        remaining = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if self._is_busy or remaining > 0:
            self._watch_idleness(max(remaining, 1.0))
        else:
            super().timeout_keep_alive_handler()

    def handle_websocket_upgrade(self) -> None:
        """Another protocol takes over; this one must not wait for the garbage collector, which comes seldom."""
        super().handle_websocket_upgrade()
        self.parser = self.scope = self.headers = self.cycle = None  # type: ignore[assignment]

    # -- the parser

    def on_message_begin(self) -> None:
        self._is_inside_message = True
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._is_inside_message = False
        super().on_message_complete()

    # -- the short way

    def _start(self, head: Head, body: bytes) -> None:
        self._is_busy = True
        if self._direct is not None and not self.flow.write_paused:
            direct = self._direct.begin(head, body, self.client, self._reply)
            if direct is not None:
                if self._is_busy:
                    self._answer = direct
                return
        self._answer = answer = _Answer(self, body)
        task = self.loop.create_task(self._run(self._scope(head, answer), answer))
        self.tasks.add(task)
        task.add_done_callback(self._ended)

    def _reply(self, answer: bytes) -> None:
        self.transport.write(answer)
        self._finish()

    def _scope(self, head: Head, answer: _Answer) -> MutableMapping[str, Any]:
        return {
            "type": "http",
            "asgi": _ASGI,
            "http_version": "1.1",
            "method": "POST",
            "scheme": self.scheme,
            "path": "/graphql",
            "raw_path": b"/graphql",
            "query_string": b"",
            "root_path": self.root_path,
            "headers": head.headers,
            "server": self.server,
            "client": self.client,
            "extensions": {ON_LEAVE: answer.on_leave},
        }

    async def _run(self, scope: MutableMapping[str, Any], answer: _Answer) -> None:
        try:
            await self.app(scope, answer.receive, answer.send)
        except asyncio.CancelledError:
            _LOG.debug("a client left")
        except Exception:  # noqa: BLE001  (the last resort: the connection ends, the log has the reason)
            _LOG.exception("a request failed")
        if not answer.is_complete:
            self.transport.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.discard(task)
        self._finish()

    def _finish(self) -> None:
        self.server_state.total_requests += 1
        self._is_busy = False
        self._answer = None
        if self._is_stopping:
            self.transport.close()
        if self.transport.is_closing():
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._watch_idleness(self.timeout_keep_alive)
        if self._waiting:
            data, self._waiting = self._waiting, b""
            self.transport.resume_reading()
            self.data_received(data)

    def _watch_idleness(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)


class _Answer:
    """The ASGI side of one plain request."""

    def __init__(self, protocol: LeanProtocol, body: bytes) -> None:
        self._protocol = protocol
        self._body: bytes | None = body
        self._head = b""
        self._is_chunked = False
        self._left: asyncio.Future[None] | None = None
        self._has_left = False
        self._callback: Callable[[], object] | None = None
        self.is_complete = False

    async def receive(self) -> MutableMapping[str, Any]:
        """The body, then, when the client has left, that it has."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        if not self._has_left:
            self._left = self._left or self._protocol.loop.create_future()
            await asyncio.shield(self._left)
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        protocol = self._protocol
        if protocol.flow.write_paused and not self._has_left:
            await protocol.flow.drain()
        if self._has_left or self.is_complete:
            return
        if message["type"] == "http.response.start":
            self._head = self._encoded(message["status"], message.get("headers", ()))
            return
        body = message.get("body", b"")
        is_last = not message.get("more_body", False)
        if self._is_chunked:
            body = b"%x\r\n%s\r\n" % (len(body), body) if body else b""
            body += b"0\r\n\r\n" if is_last else b""
        head, self._head = self._head, b""
        self.is_complete = is_last
        protocol.transport.write(head + body)

    def on_leave(self, callback: Callable[[], object]) -> None:
        self._callback = callback

    def cancel(self) -> None:
        """The client has left."""
        self._has_left = True
        if self._callback is not None:
            self._callback()
        if self._left is not None and not self._left.done():
            self._left.set_result(None)

    def _encoded(self, status: int, headers: Any) -> bytes:
        lines = b"".join([b"%s: %s\r\n" % header for header in headers])
        if lines.count(b"\n") != len(headers) or lines.count(b"\r") != len(headers):
            raise ValueError("a header holds a line break")
        self._is_chunked = not any(name == b"content-length" for name, _ in headers)
        chunked = b"transfer-encoding: chunked\r\n" if self._is_chunked and status not in {204, 304} else b""
        return b"%s%s%s\r\n" % (STATUS_LINE[status], lines, chunked)
