"""One graphql-transport-ws connection to a subgraph, which carries any number of subscriptions."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import aiohttp
import orjson

from rapport_gateway.errors import FORBIDDEN, SUBSCRIPTION_LOST, UNAUTHENTICATED
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.streams import EventBuffer, connection_lost, read_event, stream_errors

_CLOSE_CODES = {
    4401: ("did not accept the credentials", UNAUTHENTICATED),
    4403: ("refused the subscription", FORBIDDEN),
}
_NOT_AGAIN = range(4400, 4500)  # the subgraph found fault with what we sent; sending it again would not help


class SubgraphSocket:
    """An open, acknowledged connection. Streams are added until it is closed, by either side."""

    def __init__(self, subgraph: str, connection: aiohttp.ClientWebSocketResponse, *, stall: float) -> None:
        self._subgraph = subgraph
        self._connection = connection
        self._stall = stall
        self._streams: dict[str, SocketStream] = {}
        self._ids = itertools.count(1)
        self._reader: asyncio.Task[None] | None = None
        self.opened_at = asyncio.get_running_loop().time()
        self.is_open = True

    def __len__(self) -> int:
        return len(self._streams)

    async def initialise(self, payload: dict[str, str]) -> None:
        """Raises SubgraphFailure."""
        await self._send({"type": "connection_init", "payload": payload})
        while (await self._receive())["type"] != "connection_ack":
            pass

    def start_reading(self, when_closed: Callable[[], None]) -> None:
        self._reader = asyncio.create_task(self._read())
        self._reader.add_done_callback(lambda _: when_closed())

    def add(self) -> SocketStream:
        """A place for one more subscription; it counts from now on."""
        stream = SocketStream(self, str(next(self._ids)))
        self._streams[stream.id] = stream
        return stream

    async def subscribe(self, stream: SocketStream, request: SubgraphRequest) -> None:
        """Raises SubgraphFailure."""
        body: dict[str, Any] = {"query": request.text}
        if request.variables:
            body["variables"] = dict(request.variables)
        await self._send({"id": stream.id, "type": "subscribe", "payload": body})

    async def remove(self, stream: SocketStream) -> None:
        under_way = not stream.buffer.ended
        stream.buffer.end()  # the reader may be waiting for room in it
        if self._streams.pop(stream.id, None) is not None and self.is_open and under_way:
            with suppress(SubgraphFailure):
                await self._send({"id": stream.id, "type": "complete"})

    async def close(self) -> None:
        self.is_open = False
        if self._reader is not None:
            self._reader.cancel()
        await self._connection.close()

    async def _read(self) -> None:
        failure: SubgraphFailure = connection_lost(self._subgraph)
        try:
            while True:
                await self._dispatch(await self._receive())
        except SubgraphFailure as problem:
            failure = problem
        finally:
            self.is_open = False
            for stream in self._streams.values():
                # Each gets an exception of its own, with a traceback of its own.
                stream.buffer.end(type(failure)(str(failure), failure.code))
        await self._connection.close()

    async def _dispatch(self, message: dict[str, Any]) -> None:
        stream = self._streams.get(str(message.get("id")))
        if stream is None or stream.buffer.ended:
            return  # what was under way when we completed it
        match message["type"]:
            case "next":
                try:
                    event = read_event(self._subgraph, message.get("payload"))
                except SubgraphFailure as failure:
                    await self._give_up(stream, failure)
                    return
                if stream.buffer.is_full:
                    await self._make_room(stream)
                if not stream.buffer.ended:
                    stream.buffer.put(event)
            case "error":
                stream.buffer.end(stream_errors(self._subgraph, message.get("payload")))
            case "complete":
                stream.buffer.end()

    async def _make_room(self, stream: SocketStream) -> None:
        """A slow taker slows its own connection down, but does not hold up others on it for long."""
        loop = asyncio.get_running_loop()
        since = loop.time()
        limit = None if len(self._streams) == 1 else self._stall - stream.stalled
        try:
            async with asyncio.timeout(limit):
                await stream.buffer.room()
        except TimeoutError:
            message = f"events of subgraph '{self._subgraph}' are not taken as fast as they come"
            await self._give_up(stream, SubgraphFailure(message, SUBSCRIPTION_LOST))
        stream.stalled += loop.time() - since

    async def _give_up(self, stream: SocketStream, failure: SubgraphFailure) -> None:
        stream.buffer.end(failure)
        await self._send({"id": stream.id, "type": "complete"})

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._connection.send_str(orjson.dumps(message).decode())
        except (aiohttp.ClientError, ConnectionError) as error:
            raise connection_lost(self._subgraph) from error

    async def _receive(self) -> dict[str, Any]:
        """The next message other than ping and pong, which are dealt with."""
        while True:
            frame = await self._connection.receive()
            if frame.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                raise self._closed(frame)
            try:
                message = orjson.loads(frame.data)
            except orjson.JSONDecodeError as error:
                raise self._broken("sent a message that is no JSON") from error
            if not isinstance(message, dict) or not isinstance(message.get("type"), str):
                raise self._broken("sent a message of no known form")
            if message["type"] == "ping":
                await self._send({"type": "pong"})
            elif message["type"] != "pong":
                return message

    def _closed(self, frame: aiohttp.WSMessage) -> SubgraphFailure:
        if frame.type is aiohttp.WSMsgType.ERROR and isinstance(frame.data, aiohttp.WebSocketError):
            return self._broken("sent a message that is too large or broken")
        code = self._connection.close_code or 0
        if code not in _NOT_AGAIN:
            return connection_lost(self._subgraph)
        reason, kind = _CLOSE_CODES.get(code, ("closed the connection", SUBSCRIPTION_LOST))
        return SubgraphFailure(f"subgraph '{self._subgraph}' {reason}", kind)

    def _broken(self, reason: str) -> SubgraphFailure:
        return SubgraphFailure(f"subgraph '{self._subgraph}' {reason}", SUBSCRIPTION_LOST)


class SocketStream:
    """One subscription on a connection. `stalled`: for how long (seconds) it held up the connection so far."""

    def __init__(self, socket: SubgraphSocket, stream_id: str) -> None:
        self.id = stream_id
        self.socket = socket
        self.buffer: EventBuffer[SubgraphAnswer] = EventBuffer()
        self.stalled = 0.0

    async def __anext__(self) -> SubgraphAnswer:
        return await self.buffer.take()

    async def close(self) -> None:
        await self.socket.remove(self)
