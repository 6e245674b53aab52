"""Event streams of subgraphs over graphql-transport-ws; one connection per subscription, under its client's token."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from rapport_gateway.errors import FORBIDDEN, SUBREQUEST_FAILED, SUBSCRIPTION_LOST, UNAUTHENTICATED
from rapport_gateway.subgraphs.client import (
    SubgraphAnswer,
    SubgraphErrors,
    SubgraphFailure,
    SubgraphRequest,
    read_answer,
)

_PROTOCOL = "graphql-transport-ws"
_OPERATION = "1"
_HEARTBEAT_SECONDS = 20.0
_INIT_SECONDS = 5.0
_CLOSE_CODES = {
    4401: ("did not accept the credentials", UNAUTHENTICATED),
    4403: ("refused the subscription", FORBIDDEN),
}


class WebSocketTransport:
    def __init__(self, urls: Mapping[str, str], *, connect_timeout: float, max_message_bytes: int) -> None:
        self._urls = {name: websocket_url(url) for name, url in urls.items()}
        self._connect_timeout = connect_timeout
        self._max_message_bytes = max_message_bytes

    @asynccontextmanager
    async def subscribe(
        self, session: aiohttp.ClientSession, request: SubgraphRequest
    ) -> AsyncIterator[AsyncIterator[SubgraphAnswer]]:
        """Raises SubgraphFailure, SubgraphErrors; also while iterating."""
        socket = await self._connect(session, request)
        stream = _Stream(socket, request)
        try:
            await stream.start()
            yield stream.answers()
        finally:
            await stream.stop()

    async def _connect(
        self, session: aiohttp.ClientSession, request: SubgraphRequest
    ) -> aiohttp.ClientWebSocketResponse:
        timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
        try:
            async with asyncio.timeout(self._connect_timeout + _INIT_SECONDS):
                return await session.ws_connect(
                    self._urls[request.subgraph],
                    protocols=(_PROTOCOL,),
                    headers=dict(request.headers),
                    heartbeat=_HEARTBEAT_SECONDS,
                    max_msg_size=self._max_message_bytes,
                    timeout=timeout,
                )
        except aiohttp.WSServerHandshakeError as error:
            code = {401: UNAUTHENTICATED, 403: FORBIDDEN}.get(error.status, SUBREQUEST_FAILED)
            raise SubgraphFailure(
                f"subgraph '{request.subgraph}' refused a WebSocket (HTTP {error.status})", code
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise SubgraphFailure(f"subgraph '{request.subgraph}' cannot be reached", SUBREQUEST_FAILED) from error


class _Stream:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse, request: SubgraphRequest) -> None:
        self._socket = socket
        self._request = request
        self._open = False

    async def start(self) -> None:
        authorization = self._request.headers.get("authorization")
        payload = {"authorization": authorization} if authorization else {}
        await self._send({"type": "connection_init", "payload": payload})
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                while (await self._receive())["type"] != "connection_ack":
                    pass
        except TimeoutError as error:
            raise self._lost("did not acknowledge the connection") from error
        body: dict[str, Any] = {"query": self._request.text}
        if self._request.variables:
            body["variables"] = dict(self._request.variables)
        await self._send({"id": _OPERATION, "type": "subscribe", "payload": body})
        self._open = True

    async def answers(self) -> AsyncIterator[SubgraphAnswer]:
        while True:
            message = await self._receive()
            match message["type"]:
                case "next":
                    yield self._answer(message.get("payload"))
                case "error":
                    self._open = False
                    payload = message.get("payload")
                    errors = [item for item in payload if isinstance(item, dict)] if isinstance(payload, list) else []
                    raise SubgraphErrors(self._request.subgraph, errors)
                case "complete":
                    self._open = False
                    return

    async def stop(self) -> None:
        if self._open and not self._socket.closed:
            with suppress(SubgraphFailure):
                await self._send({"id": _OPERATION, "type": "complete"})
        await self._socket.close()

    def _answer(self, payload: object) -> SubgraphAnswer:
        try:
            return read_answer(self._request.subgraph, payload)
        except ValueError as error:
            raise self._lost("sent an event that is no GraphQL answer") from error

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._socket.send_str(orjson.dumps(message).decode())
        except (aiohttp.ClientError, ConnectionError) as error:
            raise self._lost("closed the connection") from error

    async def _receive(self) -> dict[str, Any]:
        """The next message other than ping and pong, which are dealt with."""
        while True:
            frame = await self._socket.receive()
            if frame.type not in {aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY}:
                raise self._closed()
            try:
                message = orjson.loads(frame.data)
            except orjson.JSONDecodeError as error:
                raise self._lost("sent a message that is no JSON") from error
            if not isinstance(message, dict) or not isinstance(message.get("type"), str):
                raise self._lost("sent a message of no known form")
            if message["type"] == "ping":
                await self._send({"type": "pong"})
            elif message["type"] != "pong":
                return message

    def _closed(self) -> SubgraphFailure:
        reason, code = _CLOSE_CODES.get(self._socket.close_code or 0, ("closed the connection", SUBSCRIPTION_LOST))
        self._open = False
        return SubgraphFailure(f"subgraph '{self._request.subgraph}' {reason}", code)

    def _lost(self, reason: str) -> SubgraphFailure:
        self._open = False
        return SubgraphFailure(f"subgraph '{self._request.subgraph}' {reason}", SUBSCRIPTION_LOST)


def websocket_url(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(scheme="wss" if parts.scheme == "https" else "ws").geturl()
