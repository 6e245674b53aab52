"""Event streams over graphql-transport-ws: per subgraph and identity one connection, kept while anything uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import aiohttp

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBSCRIPTION_LOST
from rapport_gateway.subgraphs.client import (
    Identity,
    Interrupted,
    SubgraphAnswer,
    SubgraphFailure,
    SubgraphRequest,
    identity_of,
)
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.reading import REFUSALS
from rapport_gateway.subgraphs.socket import SocketStream, SubgraphSocket
from rapport_gateway.subgraphs.streams import StreamSettings, unreachable

_PROTOCOL = "graphql-transport-ws"
_INIT_SECONDS = 5.0
Key = tuple[str, Identity]


class WebSocketTransport:
    """Owns its connections; `session` gives the HTTP client to open them with."""

    def __init__(
        self,
        urls: Mapping[str, str],
        session: Callable[[], aiohttp.ClientSession],
        *,
        settings: StreamSettings,
        connect_timeout: float,
        max_message_bytes: int,
        credentials: ServiceCredentials,
    ) -> None:
        self._urls = {name: websocket_url(settings.urls.get(name, url)) for name, url in urls.items()}
        self._session = session
        self._settings = settings
        self._connect_timeout = connect_timeout
        self._max_message_bytes = max_message_bytes
        self._credentials = credentials
        self._sockets: dict[Key, list[SubgraphSocket]] = {}
        self._opening: dict[Key, asyncio.Task[SubgraphSocket]] = {}
        self._closing: set[asyncio.Task[None]] = set()

    async def open(self, request: SubgraphRequest) -> _PooledStream:
        """Raises SubgraphFailure."""
        key = (request.subgraph, identity_of(request.headers))
        socket = self._usable(key)
        while socket is None or not self._has_room(socket):
            socket = await self._opened(key)
        stream = _PooledStream(socket.add(), self, key)
        try:
            await socket.subscribe(stream.inner, request)
        except BaseException:
            await stream.close()
            raise
        return stream

    async def close(self) -> None:
        for task in [*self._opening.values(), *self._closing]:
            task.cancel()
        for socket in [socket for sockets in self._sockets.values() for socket in sockets]:
            await socket.close()

    def release(self, key: Key, socket: SubgraphSocket) -> None:
        """After a stream ended: an unused connection is closed, unless it is used again soon."""
        if socket.is_open and not len(socket):
            asyncio.get_running_loop().call_later(self._settings.linger, self._close_if_unused, key, socket)

    def _usable(self, key: Key) -> SubgraphSocket | None:
        youngest = asyncio.get_running_loop().time() - self._settings.socket_age
        for socket in self._sockets.get(key, ()):
            is_fresh = not key[1] or socket.opened_at >= youngest
            if is_fresh and self._has_room(socket):
                return socket
        return None

    def _has_room(self, socket: SubgraphSocket) -> bool:
        return socket.is_open and len(socket) < self._settings.per_socket

    async def _opened(self, key: Key) -> SubgraphSocket:
        """One attempt at a time for all who wait; it goes on when one of them leaves."""
        task = self._opening.get(key)
        if task is None:
            task = self._opening[key] = asyncio.create_task(self._connect(key))
            task.add_done_callback(lambda done: self._keep(key, done))
        try:
            return await asyncio.shield(task)
        except SubgraphFailure as failure:
            # Each who waits gets an exception of their own.
            raise type(failure)(str(failure), failure.code) from failure

    def _keep(self, key: Key, task: asyncio.Task[SubgraphSocket]) -> None:
        del self._opening[key]
        if not task.cancelled() and task.exception() is None:
            socket = task.result()
            self._sockets.setdefault(key, []).append(socket)
            socket.start_reading(when_closed=lambda: self._forget(key, socket))
            self.release(key, socket)

    async def _connect(self, key: Key) -> SubgraphSocket:
        subgraph, identity = key
        connection = await self._handshake(subgraph, dict(identity))
        socket = SubgraphSocket(subgraph, connection, stall=self._settings.stall)
        try:
            async with asyncio.timeout(_INIT_SECONDS):
                await socket.initialise({name: value for name, value in identity if name == "authorization"})
        except TimeoutError as error:
            await socket.close()
            reason = f"subgraph '{subgraph}' did not acknowledge the connection"
            raise Interrupted(reason, SUBSCRIPTION_LOST) from error
        except BaseException:
            await socket.close()
            raise
        return socket

    async def _handshake(self, subgraph: str, headers: dict[str, str]) -> aiohttp.ClientWebSocketResponse:
        try:
            async with asyncio.timeout(self._connect_timeout + _INIT_SECONDS):
                connection = await self._session().ws_connect(
                    self._urls[subgraph],
                    protocols=(_PROTOCOL,),
                    headers=headers | self._credentials.headers(subgraph),
                    heartbeat=self._settings.heartbeat,
                    max_msg_size=self._max_message_bytes,
                    timeout=aiohttp.ClientWSTimeout(ws_close=1.0),
                )
        except aiohttp.WSServerHandshakeError as error:
            code = REFUSALS.get(error.status, SUBREQUEST_FAILED)
            kind = Interrupted if error.status >= 500 else SubgraphFailure
            raise kind(f"subgraph '{subgraph}' refused a WebSocket (HTTP {error.status})", code) from error
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(subgraph) from error
        if connection.protocol != _PROTOCOL:
            await connection.close()
            raise SubgraphFailure(f"subgraph '{subgraph}' does not speak {_PROTOCOL}", SUBREQUEST_FAILED)
        return connection

    def _close_if_unused(self, key: Key, socket: SubgraphSocket) -> None:
        if socket.is_open and not len(socket):
            task = asyncio.create_task(socket.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _forget(self, key: Key, socket: SubgraphSocket) -> None:
        sockets = self._sockets.get(key, [])
        if socket in sockets:
            sockets.remove(socket)
        if not sockets:
            self._sockets.pop(key, None)


class _PooledStream:
    """A stream that gives its place on the connection back."""

    def __init__(self, inner: SocketStream, transport: WebSocketTransport, key: Key) -> None:
        self.inner = inner
        self._transport = transport
        self._key = key

    async def __anext__(self) -> SubgraphAnswer:
        return await self.inner.__anext__()

    async def close(self) -> None:
        try:
            await self.inner.close()
        finally:
            self._transport.release(self._key, self.inner.socket)


def websocket_url(url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(scheme="wss" if parts.scheme in {"https", "wss"} else "ws").geturl()
