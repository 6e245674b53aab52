"""graphql-transport-ws: subscriptions, and queries and mutations too, over one socket per client."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any

import orjson

from rapport_gateway.errors import INTERNAL_SERVER_ERROR, OPERATION_TOO_LARGE, ErrorDict, RequestRefused, error
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.server.requests import forwarded_headers, from_payload, request_headers
from rapport_gateway.settings import Settings
from rapport_gateway.subgraphs.client import SubgraphErrors, SubgraphFailure

PROTOCOL = "graphql-transport-ws"
_LOG = logging.getLogger("rapport_gateway.websocket")

GOING_AWAY = 1001
TRY_AGAIN_LATER = 1013
BAD_MESSAGE = 4400
UNAUTHORIZED = 4401
BAD_PROTOCOL = 4406
INIT_TIMEOUT = 4408
DUPLICATE_ID = 4409
TOO_MANY_INITS = 4429


class CloseSocket(Exception):
    """The client broke the protocol, or cannot be served further."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Connection:
    """One client's socket: a reader, a writer with a bounded queue, and one task per running operation."""

    def __init__(
        self,
        pipeline: Pipeline,
        metrics: Metrics,
        settings: Settings,
        scope: MutableMapping[str, Any],
        receive: Any,
        send: Any,
    ) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._settings = settings
        self._receive = receive
        self._send = send
        self._headers = forwarded_headers(request_headers(scope["headers"]))
        self._operations: dict[str, asyncio.Task[None]] = {}
        self._outgoing: asyncio.Queue[bytes] = asyncio.Queue(settings.websocket_queue_size)
        self._closing: asyncio.Future[CloseSocket] = asyncio.get_running_loop().create_future()
        self._initialised = False

    async def serve(self) -> None:
        """Until the client leaves or is closed; ends all its operations."""
        await self._send({"type": "websocket.accept", "subprotocol": PROTOCOL})
        reader = asyncio.create_task(self._read())
        others = [asyncio.create_task(self._write()), asyncio.create_task(self._expect_init())]
        waited: list[asyncio.Future[Any]] = [reader, self._closing]
        try:
            await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        finally:
            running = [reader, *others, *self._operations.values()]
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if self._closing.done():
            await self._say_goodbye(self._closing.result())

    async def _say_goodbye(self, close: CloseSocket) -> None:
        """Not for longer than a while: a client that does not read cannot be told."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.websocket_send_timeout):
                await self._send({"type": "websocket.close", "code": close.code, "reason": close.reason})

    def close(self, code: int, reason: str) -> None:
        if not self._closing.done():
            self._closing.set_result(CloseSocket(code, reason))

    # -- reading

    async def _expect_init(self) -> None:
        await asyncio.sleep(self._settings.websocket_init_timeout)
        if not self._initialised:
            self.close(INIT_TIMEOUT, "Connection initialisation timeout")

    async def _read(self) -> None:
        while True:
            event = await self._receive()
            if event["type"] == "websocket.disconnect":
                return
            if event["type"] == "websocket.receive":
                try:
                    await self._message(event.get("text") or event.get("bytes") or "")
                except CloseSocket as close:
                    self.close(close.code, close.reason)
                    return

    async def _message(self, text: str | bytes) -> None:
        try:
            message = orjson.loads(text)
        except orjson.JSONDecodeError as problem:
            raise CloseSocket(BAD_MESSAGE, "The message is no JSON") from problem
        match message:
            case {"type": "connection_init"}:
                await self._init(message.get("payload"))
            case {"type": "ping"}:
                await self._queue({"type": "pong", **({"payload": message["payload"]} if "payload" in message else {})})
            case {"type": "pong"}:
                pass
            case {"type": "subscribe", "id": str(operation), "payload": dict(payload)} if operation:
                self._subscribe(operation, payload)
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
        self._initialised = True
        for name, value in (payload or {}).items():
            if name.lower() == "authorization" and isinstance(value, str):
                if not (value.isascii() and value.isprintable()):
                    raise CloseSocket(BAD_MESSAGE, "The authorization is no header value")
                self._headers["authorization"] = value
        await self._queue({"type": "connection_ack"})

    def _subscribe(self, operation: str, payload: dict[str, Any]) -> None:
        if not self._initialised:
            raise CloseSocket(UNAUTHORIZED, "Unauthorized")
        if operation in self._operations:
            raise CloseSocket(DUPLICATE_ID, f"Subscriber for {operation} already exists"[:120])
        task = asyncio.create_task(self._run(operation, payload))
        self._operations[operation] = task

    # -- operations

    async def _run(self, operation: str, payload: dict[str, Any]) -> None:
        try:
            await self._execute(operation, from_payload(payload, self._headers))
            await self._queue({"id": operation, "type": "complete"})
        except RequestRefused as problem:
            self._metrics.request("unknown", "refused")
            await self._fail(operation, problem.errors)
        except SubgraphErrors as problem:
            await self._fail(operation, problem.errors or [error(str(problem), problem.code)])
        except SubgraphFailure as problem:
            await self._fail(operation, [error(str(problem), problem.code)])
        except orjson.JSONEncodeError:
            await self._fail(operation, [error("The answer is nested too deeply.", OPERATION_TOO_LARGE)])
        except Exception:  # noqa: BLE001  (the last resort: the client gets an answer, the log the reason)
            _LOG.exception("operation failed")
            await self._fail(operation, [error("Internal server error.", INTERNAL_SERVER_ERROR)])
        finally:
            if self._operations.get(operation) is asyncio.current_task():
                del self._operations[operation]

    async def _execute(self, operation: str, request: GraphQLRequest) -> None:
        prepared = self._pipeline.prepare(request)
        if prepared.kind != "subscription":
            answer = await self._pipeline.execute(prepared, request)
            self._metrics.request(prepared.kind, "errors" if "errors" in answer else "ok")
            await self._queue({"id": operation, "type": "next", "payload": answer})
            return
        self._metrics.request(prepared.kind, "ok")
        with self._metrics.subscriptions.track_inprogress():
            async with self._pipeline.subscribe(prepared, request) as answers:
                async for answer in answers:
                    await self._queue({"id": operation, "type": "next", "payload": answer})

    async def _fail(self, operation: str, errors: list[ErrorDict]) -> None:
        await self._queue({"id": operation, "type": "error", "payload": errors})

    # -- writing

    async def _queue(self, message: dict[str, Any]) -> None:
        """Waits while the client is slow; one that stays slow is closed."""
        try:
            async with asyncio.timeout(self._settings.websocket_send_timeout):
                await self._outgoing.put(orjson.dumps(message))
        except TimeoutError:
            self.close(TRY_AGAIN_LATER, "The client reads too slowly")

    async def _write(self) -> None:
        while True:
            message = await self._outgoing.get()
            await self._send({"type": "websocket.send", "text": message.decode()})


class WebSocketEndpoint:
    def __init__(self, pipeline: Pipeline, metrics: Metrics, settings: Settings) -> None:
        self._pipeline = pipeline
        self._metrics = metrics
        self._settings = settings
        self._connections: dict[Connection, asyncio.Task[Any]] = {}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        await receive()  # websocket.connect
        if PROTOCOL not in scope.get("subprotocols", ()):
            await send({"type": "websocket.accept"})
            await send({"type": "websocket.close", "code": BAD_PROTOCOL, "reason": f"Use the protocol {PROTOCOL}"})
            return
        connection = Connection(self._pipeline, self._metrics, self._settings, scope, receive, send)
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
