"""Where a subgraph is served, and the open connections to it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections import deque
from collections.abc import Callable, Mapping
from functools import cache
from time import monotonic
from urllib.parse import urlsplit

from rapport_gateway.subgraphs.answers import HttpAnswer
from rapport_gateway.subgraphs.client import ForwardedHeaders
from rapport_gateway.subgraphs.connection import Connection, Disconnected, Waiter

_IDLE_SECONDS = 30.0
_SAFELY_IDLE_SECONDS = 2.0  # servers close what is idle after five seconds and more
# A peer that vanished without a word is noticed on idle connections and silent streams too.
_KEEP_ALIVE = (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class Origin:
    """Sends requests to one URL, on connections that are kept for the next; the one used last is used first."""

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        connect_timeout: float,
        limit: int,
        credential: Callable[[], bytes] = bytes,
    ) -> None:
        """`credential` gives a whole header line, or nothing, for the next request."""
        parts = urlsplit(url)
        self._host = parts.hostname or ""
        self._is_tls = parts.scheme == "https"
        self._port = parts.port or (443 if self._is_tls else 80)
        self._connect_timeout = connect_timeout
        self._limit = limit
        self._credential = credential
        self._idle: deque[Connection] = deque()
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc.rpartition("@")[2]
        self._head = f"POST {path} HTTP/1.1\r\nhost: {host}\r\n".encode() + encoded_headers(headers)

    async def post(
        self, headers: Mapping[str, str], content: bytes, deadline: float, *, is_repeatable: bool
    ) -> HttpAnswer:
        """What is not repeatable goes by no connection that the subgraph may be about to close. Raises Disconnected,
        BrokenAnswer, TimeoutError."""
        request = self._request(headers, content)
        has_connection = self.has_connection and (is_repeatable or self._is_safe(self._idle[-1]))
        connection = self._idle.pop() if has_connection else await self._connect(deadline)
        answer = await connection.exchange(request, deadline)
        self.keep(connection)
        return answer

    @property
    def has_connection(self) -> bool:
        """Whether a request could be sent at once."""
        while self._idle:
            if self._idle[-1].is_usable:
                return True
            self._idle.pop()
        return False

    def _is_safe(self, connection: Connection) -> bool:
        return monotonic() - connection.idle_since < _SAFELY_IDLE_SECONDS

    def begin(self, headers: Mapping[str, str], content: bytes, deadline: float, waiter: Waiter) -> Connection:
        """The same where there is a connection, for a waiter that gives it to `keep` when it is told."""
        connection = self._idle.pop()
        connection.begin(self._request(headers, content), deadline, waiter)
        return connection

    def keep(self, connection: Connection) -> None:
        """For the next request, where it can be used again."""
        if not connection.is_reusable:
            return
        now = monotonic()
        connection.idle_since = now
        self._idle.append(connection)
        while self._idle[0].idle_since < now - _IDLE_SECONDS:
            self._idle.popleft().close()

    def _request(self, headers: Mapping[str, str], content: bytes) -> bytes:
        own = (self._head, self._credential(), len(content), encoded_headers(headers), content)
        return b"%s%scontent-length: %d\r\n%s\r\n%s" % own

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    async def _connect(self, deadline: float) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(min(deadline - monotonic(), self._connect_timeout)):
                transport, connection = await loop.create_connection(
                    lambda: Connection(self._limit), self._host, self._port, ssl=_tls() if self._is_tls else None
                )
        except TimeoutError:
            raise
        except (OSError, ValueError) as error:
            raise Disconnected from error
        keep_alive(transport.get_extra_info("socket"))
        return connection


def encoded_headers(headers: Mapping[str, str]) -> bytes:
    """Raises ValueError where a value would end its line."""
    if not isinstance(headers, ForwardedHeaders):
        return _encoded(headers)
    if headers.lines is None:
        headers.lines = _encoded(headers)
    return headers.lines


def _encoded(headers: Mapping[str, str]) -> bytes:
    text = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if text.count("\n") != len(headers) or text.count("\r") != len(headers) or "\0" in text:
        raise ValueError("a header holds a line break")
    return text.encode("latin-1")


def keep_alive(connected: socket.socket) -> None:
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEP_ALIVE:
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()
