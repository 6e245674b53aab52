"""Event streams for clients, by the graphql-sse protocol in its distinct connections mode: a request per operation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, MutableMapping
from typing import Any

import orjson

from rapport_gateway.errors import CLIENT_TOO_SLOW, UNAUTHENTICATED, error
from rapport_gateway.pipeline import Answer
from rapport_gateway.server.outbox import Outbox, SlowClient
from rapport_gateway.server.replies import Receive, Send, encoded_headers
from rapport_gateway.server.running import Runner
from rapport_gateway.server.tokens import EXPIRED, seconds_left
from rapport_gateway.settings import Settings

_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache, no-transform",
    "x-accel-buffering": "no",
}
_COMPLETE = b"event: complete\ndata:\n\n"
_COMMENT = b":\n\n"


def _next(answer: Mapping[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(answer) + b"\n\n"


def _failed(message: str, code: str) -> bytes:
    return _next({"errors": [error(message, code)]}) + _COMPLETE


class EventStream:
    """One client's stream: a task that runs the operation, and one that writes what waits in a bounded outbox."""

    def __init__(self, settings: Settings, receive: Receive, send: Send) -> None:
        self._keep_alive = settings.sse_keep_alive
        self._receive = receive
        self._send = send
        self._outbox = Outbox(
            size=settings.stream_queue_size,
            max_bytes=settings.stream_queue_bytes,
            patience=settings.stream_send_timeout,
        )
        self._closing = asyncio.Event()

    async def serve(
        self, runner: Runner, payload: object, headers: Mapping[str, str], extra: Mapping[str, str], *, read_only: bool
    ) -> None:
        """Until the operation ends, the client leaves, or the stream is closed."""
        await self._send(
            {"type": "http.response.start", "status": 200, "headers": encoded_headers({**_HEADERS, **extra})}
        )
        producing = asyncio.create_task(self._produce(runner, payload, headers, read_only=read_only))
        writing = asyncio.create_task(self._write())
        leaving = asyncio.create_task(self._left())
        closing = asyncio.create_task(self._closing.wait())
        expiring = self._expire_with(headers.get("authorization"))
        try:
            await asyncio.wait([producing, leaving, closing], return_when=asyncio.FIRST_COMPLETED)
            producing.cancel()
            await asyncio.wait([producing])
            self._outbox.end()
            await asyncio.wait([writing, leaving], return_when=asyncio.FIRST_COMPLETED)
        finally:
            if expiring is not None:
                expiring.cancel()
            tasks = [producing, writing, leaving, closing]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self, last: bytes = b"") -> None:
        """Without a last event the client cannot take the end for that of the operation, and comes again."""
        self._outbox.end(last)
        self._closing.set()

    def _expire_with(self, authorization: str | None) -> asyncio.TimerHandle | None:
        """A token that has expired already is for the subgraphs to refuse, as over plain HTTP."""
        remaining = seconds_left(authorization, now=time.time())
        if remaining is None or remaining <= 0:
            return None
        last = _failed(f"{EXPIRED}.", UNAUTHENTICATED)
        return asyncio.get_running_loop().call_later(remaining, self.close, last)

    async def _produce(self, runner: Runner, payload: object, headers: Mapping[str, str], *, read_only: bool) -> None:
        async def emit(answer: Answer) -> None:
            await self._outbox.put(_next(answer))

        try:
            ending = await runner.run(payload, headers, emit, read_only=read_only)
        except SlowClient:
            self._outbox.end(_failed("The client reads too slowly.", CLIENT_TOO_SLOW), drop=True)
        else:
            last = _next({"errors": ending.errors}) if ending.errors else b""
            self._outbox.end(last + _COMPLETE)

    async def _write(self) -> None:
        message: bytes | None = _COMMENT  # proxies pass the headers on with the first bytes
        while message is not None:
            await self._send({"type": "http.response.body", "body": message, "more_body": True})
            try:
                async with asyncio.timeout(self._keep_alive):
                    message = await self._outbox.take()
            except TimeoutError:
                message = _COMMENT
        await self._send({"type": "http.response.body", "body": b""})

    async def _left(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass


class EventStreams:
    def __init__(self, runner: Runner, settings: Settings) -> None:
        self._runner = runner
        self._settings = settings
        self._open: dict[EventStream, asyncio.Task[Any]] = {}

    async def serve(
        self,
        payload: object,
        headers: Mapping[str, str],
        extra: MutableMapping[str, str],
        receive: Receive,
        send: Send,
        *,
        read_only: bool,
    ) -> None:
        """`headers` are those to forward, `extra` those to answer with. A GraphQL error is an event, too."""
        stream = EventStream(self._settings, receive, send)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101  (ASGI servers run applications in tasks)
        self._open[stream] = task
        try:
            await stream.serve(self._runner, payload, headers, extra, read_only=read_only)
        finally:
            del self._open[stream]

    async def close_all(self, seconds: float) -> None:
        """End every stream, and wait until they are ended."""
        tasks = list(self._open.values())
        for stream in self._open:
            stream.close()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
