"""graphql-transport-ws: subscriptions, and queries and mutations too, over one socket per client."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, MutableMapping
from contextlib import suppress
from typing import Any

import orjson

from rapport_gateway.errors import TOO_MANY_OPERATIONS, RequestRefused, error
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.encoding import Encoder
from rapport_gateway.server.forwarding import Forwarding
from rapport_gateway.server.origins import origins
from rapport_gateway.server.outbox import Outbox, SlowClient
from rapport_gateway.server.requests import request_headers
from rapport_gateway.server.running import Runner
from rapport_gateway.server.tokens import EXPIRED, seconds_left
from rapport_gateway.settings import Settings

PROTOCOL = "graphql-transport-ws"
_ACK = b'{"type":"connection_ack"}'

GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013
BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
FORBIDDEN = 4403
BAD_PROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE_ID = 4409
TOO_MANY_INITS = 4429
_LONGEST_REASON = 123  # bytes, by RFC 6455, 5.5.1


class CloseSocket(Exception):
    """The client broke the protocol, or cannot be served further."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode(errors="ignore")


class Connection:
    """One client's socket: a reader, now and then a writer with a bounded outbox, and one task per running operation.

    `headers` are those to forward; it adds to them whom the socket speaks for.
    """

    def __init__(
        self,
        runner: Runner,
        settings: Settings,
        encoder: Encoder,
        headers: dict[str, str],
        receive: Any,
        send: Any,
    ) -> None:
        self._runner = runner
        self._encoder = encoder
        self._settings = settings
        self._receive = receive
        self._send = send
        self._headers = headers
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._outbox = Outbox(
            size=settings.stream_queue_size,
            max_bytes=settings.stream_queue_bytes,
            patience=settings.stream_send_timeout,
        )
        self._closed: CloseSocket | None = None
        self._reader: asyncio.Task[Any] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._initialised = False

    async def serve(self) -> None:
        """Until the client leaves or is closed; ends all its operations."""
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        self._close_after(self._settings.websocket_init_timeout, INIT_TIMEOUT, "Connection initialisation timeout")
        try:
            await self._read()
            await _ended(self._operations.values())
            if self._closed is not None:
                await self._say_goodbye(self._closed)
        finally:
            self._keep_open()
            await _ended([*self._operations.values(), *([self._writer] if self._writer else [])])

    async def _say_goodbye(self, close: CloseSocket) -> None:
        """After what waits, but not for longer than a while: a client that does not read cannot be told."""
        self._outbox.end()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.stream_send_timeout):
                if self._writer is not None:
                    await self._writer
                await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})

    def close(self, code: int, reason: str) -> None:
        if self._closed is None:
            self._closed = CloseSocket(code, reason)
            if self._reader is not None:
                self._reader.cancel()

    def _close_after(self, seconds: float, code: int, reason: str) -> None:
        """In place of what was to close the socket before."""
        self._keep_open()
        self._deadline = asyncio.get_running_loop().call_later(seconds, self.close, code, reason)

    def _keep_open(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()

    # -- reading

    async def _read(self) -> None:
        """Until the client leaves or is to be closed."""
        self._reader = reader = asyncio.current_task()
        try:
            while self._closed is None:
                event = await self._receive()
                if event["type"] == "websocket.disconnect":
                    return
                if event["type"] == "websocket.receive":
                    await self._message(event.get("text") or event.get("bytes") or "")
        except CloseSocket as close:
            self._closed = self._closed or close
        except asyncio.CancelledError:
            if self._closed is None or reader is None or reader.uncancel():
                raise
        finally:
            self._reader = None

    async def _message(self, text: str | bytes) -> None:
        try:
            message: Any = await self._runner.decoded(text.encode() if isinstance(text, str) else text)
        except RequestRefused as problem:
            raise CloseSocket(BAD_MESSAGE, problem.errors[0]["message"]) from problem
        match message:
            case {"type": "connection_init"}:
                await self._init(message.get("payload"))
            case {"type": "ping"}:
                await self._queue({"type": "pong", **({"payload": message["payload"]} if "payload" in message else {})})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(operation), "payload": dict(payload)} if operation:
                await self._subscribe(operation, payload)
            case {"type": "complete", "id": str(operation)}:
                if task := self._operations.pop(operation, None):
                    task.cancel()
            case _:
                raise CloseSocket(BAD_MESSAGE, "The message is of no known form")

    async def _init(self, payload: object) -> None:
        if self._initialised:
            raise CloseSocket(TOO_MANY_INITS, "Too many initialisation requests")
        if payload is not None and not isinstance(payload, dict):
            raise CloseSocket(BAD_MESSAGE, "The payload of connection_init must be an object")
        for name, value in (payload or {}).items():
            if name.lower() == "authorization" and isinstance(value, str):
                if not (value.isascii() and value.isprintable()):
                    raise CloseSocket(BAD_MESSAGE, "The authorization is no header value")
                self._headers["authorization"] = value
        self._keep_open()
        self._expire_with(self._headers.get("authorization"))
        self._initialised = True
        await self._write_soon(_ACK)

    def _expire_with(self, authorization: str | None) -> None:
        remaining = seconds_left(authorization, now=time.time())
        if remaining is None:
            return
        if remaining <= 0:
            raise CloseSocket(FORBIDDEN, EXPIRED)
        self._close_after(remaining, FORBIDDEN, EXPIRED)

    async def _subscribe(self, operation: str, payload: dict[str, Any]) -> None:
        if not self._initialised:
            raise CloseSocket(UNAUTHORIZED, "Unauthorized")
        if operation in self._operations:
            raise CloseSocket(DUPLICATE_ID, f"Subscriber for {operation} already exists")
        limit = self._settings.max_socket_operations
        if len(self._operations) >= limit:
            problem = error(f"At most {limit} operations may run on one connection.", TOO_MANY_OPERATIONS)
            await self._queue({"id": operation, "type": "error", "payload": [problem]})
            return
        self._operations[operation] = asyncio.create_task(self._run(operation, payload))

    # -- operations

    async def _run(self, operation: str, payload: dict[str, Any]) -> None:
        head = b'{"id":%s,"type":"next","payload":' % orjson.dumps(operation)

        async def emit(answer: Answer) -> None:
            await self._write_soon(b"%s%s}" % (head, self._encoder.encoded(answer)))

        try:
            ending = await self._runner.run(payload, self._headers, emit)
            if ending.errors:
                await self._put({"id": operation, "type": "error", "payload": ending.errors})
            else:
                await self._put({"id": operation, "type": "complete"})
            if ending.revoked and "authorization" in self._headers:
                self.close(FORBIDDEN, "The credentials are not accepted any more")
        except SlowClient:
            self._give_up()
        finally:
            if self._operations.get(operation) is asyncio.current_task():
                del self._operations[operation]

    # -- writing

    async def _queue(self, message: dict[str, Any]) -> None:
        try:
            await self._put(message)
        except SlowClient:
            self._give_up()

    async def _put(self, message: dict[str, Any]) -> None:
        """Raises SlowClient."""
        await self._write_soon(orjson.dumps(message))

    def _give_up(self) -> None:
        self._outbox.end(drop=True)
        self.close(TRY_AGAIN_LATER, "The client reads too slowly")

    async def _write_soon(self, message: bytes) -> None:
        """Raises SlowClient. There is a writer only while there is something to write: idle clients are many."""
        await self._outbox.put(message)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())

    async def _write(self) -> None:
        try:
            while (message := self._outbox.take_now()) is not None:
                await self._send({"type": "websocket.send", "text": message.decode()})
        except OSError:  # what ASGI raises for a client that is gone; who reads from it is told, and ends
            self._outbox.end(drop=True)
        finally:
            self._writer = None


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Once they are: cancelled, and done with what they do then."""
    kept = list(tasks)
    for task in kept:
        task.cancel()
    await asyncio.gather(*kept, return_exceptions=True)


class WebSocketEndpoint:
    def __init__(self, runner: Runner, metrics: Metrics, settings: Settings) -> None:
        """Raises InvalidSetting."""
        self._runner = runner
        self._metrics = metrics
        self._settings = settings
        self._encoder = Encoder()
        self._origins = origins(settings)
        self._forwarding = Forwarding(settings)
        self._connections: dict[Connection, asyncio.Task[Any]] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        if not self._origins.may_open_socket(request_headers(scope["headers"])):
            await send({"type": "websocket.close"})  # before it is accepted: HTTP 403
            return
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": BAD_PROTOCOL, "reason": f"Use the protocol {PROTOCOL}"})
            return
        headers = self._forwarding.headers(scope, request_headers(scope["headers"]))
        connection = Connection(self._runner, self._settings, self._encoder, headers, receive, send)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (ASGI servers run applications in tasks)
        self._connections[connection] = task
        try:
            with self._metrics.websockets.track_inprogress():
                await connection.serve()
        finally:
            del self._connections[connection]

    async def close_all(self, seconds: float) -> None:
        """Tell every client that the server goes away, and wait until they are told."""
        tasks = list(self._connections.values())
        for connection in self._connections:
            connection.close(GOING_AWAY, "The server is shutting down")
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
