"""Event streams over server-sent events, as graphql-sse has them in its distinct connections mode."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import aiohttp
import orjson

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE
from rapport_gateway.subgraphs.client import Interrupted, SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.reading import read_response
from rapport_gateway.subgraphs.streams import StreamSettings, connection_lost, read_event, stream_errors, unreachable

_HEADERS = {"content-type": "application/json", "accept": "text/event-stream", "accept-encoding": "identity"}
_UNAVAILABLE = frozenset({502, 503, 504})
_ANSWER_SECONDS = 10.0  # until the stream is opened; events may then take any time


class SseTransport:
    """One request per subscription."""

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
        self._urls = {**urls, **settings.urls}
        self._session = session
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=connect_timeout)
        self._max_message_bytes = max_message_bytes
        self._credentials = credentials

    async def open(self, request: SubgraphRequest) -> _SseStream:
        """Raises SubgraphFailure."""
        body: dict[str, Any] = {"query": request.text}
        if request.variables:
            body["variables"] = dict(request.variables)
        subgraph = request.subgraph
        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                response = await self._session().post(
                    self._urls[subgraph],
                    data=orjson.dumps(body),
                    headers={**request.headers, **_HEADERS, **self._credentials.headers(subgraph)},
                    timeout=self._timeout,
                    allow_redirects=False,
                )
                if response.status != 200 or response.content_type != "text/event-stream":
                    async with response:
                        await self._refuse(subgraph, response)
        except TimeoutError as error:
            raise Interrupted(f"subgraph '{subgraph}' did not answer in time", SUBREQUEST_FAILED) from error
        except (aiohttp.ClientError, OSError) as error:
            raise unreachable(subgraph) from error
        return _SseStream(subgraph, response, self._max_message_bytes)

    async def _refuse(self, subgraph: str, response: aiohttp.ClientResponse) -> None:
        if response.status in _UNAVAILABLE:
            raise Interrupted(f"subgraph '{subgraph}' answered with HTTP {response.status}", SUBREQUEST_FAILED)
        body = bytearray()
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > self._max_message_bytes:
                raise SubgraphFailure(
                    f"subgraph '{subgraph}' answered with too much data", SUBREQUEST_MALFORMED_RESPONSE
                )
        answer = read_response(subgraph, response.status, response.content_type, bytes(body))
        if answer.errors:
            raise stream_errors(subgraph, answer.errors)
        raise SubgraphFailure(f"subgraph '{subgraph}' answered with no event stream", SUBREQUEST_MALFORMED_RESPONSE)


class _SseStream:
    def __init__(self, subgraph: str, response: aiohttp.ClientResponse, limit: int) -> None:
        self._subgraph = subgraph
        self._response = response
        self._events = self._read(SseParser(limit))

    async def __anext__(self) -> SubgraphAnswer:
        return await self._events.__anext__()

    async def close(self) -> None:
        self._response.close()

    async def _read(self, parser: SseParser) -> AsyncIterator[SubgraphAnswer]:
        try:
            async for chunk in self._response.content.iter_any():
                for kind, data in parser.feed(chunk):
                    if kind == "complete":
                        return
                    if kind == "next":
                        yield self._event(data)
        except EventTooLarge as error:
            message = f"subgraph '{self._subgraph}' sent an event that is too large"
            raise SubgraphFailure(message, SUBREQUEST_MALFORMED_RESPONSE) from error
        except (aiohttp.ClientError, OSError) as error:
            raise connection_lost(self._subgraph) from error
        raise connection_lost(self._subgraph)

    def _event(self, data: bytes) -> SubgraphAnswer:
        try:
            payload = orjson.loads(data)
        except orjson.JSONDecodeError:
            payload = None
        return read_event(self._subgraph, payload)


class EventTooLarge(Exception):
    """An event has more bytes than are allowed."""


class SseParser:
    """Bytes as they come to events (type, data), by the HTML standard; comments, ids and retry times are dropped."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""
        self._size = 0
        self._kind = "message"
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[tuple[str, bytes]]:
        """Raises EventTooLarge."""
        text = self._rest + chunk
        # A trailing CR may be half of a CRLF, so it waits for what follows.
        held = text.endswith(b"\r")
        lines = (text[:-1] if held else text).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = lines.pop() + (b"\r" if held else b"")
        for line in lines:
            if event := self._line(line):
                yield event
        if self._size + len(self._rest) > self._limit:
            raise EventTooLarge

    def _line(self, line: bytes) -> tuple[str, bytes] | None:
        if line:
            name, _, value = line.partition(b":")
            value = value.removeprefix(b" ")
            if name == b"data":
                self._data.append(value)
                self._size += len(value)
            elif name == b"event":
                self._kind = value.decode("utf-8", "replace")
            return None
        event = (self._kind, b"\n".join(self._data)) if self._data or self._kind == "complete" else None
        self._kind, self._data, self._size = "message", [], 0
        return event
