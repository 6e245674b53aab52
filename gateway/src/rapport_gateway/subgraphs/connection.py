"""One HTTP/1.1 connection to a subgraph: a request out in one write, the answer parsed as it comes."""

from __future__ import annotations

import asyncio
import zlib
from dataclasses import dataclass, field
from typing import cast

import httptools

_MAX_HEAD_BYTES = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Disconnected(Exception):
    """The connection failed before an answer began: the request may not have been seen."""


class BrokenAnswer(Exception):
    """What came is not a whole HTTP answer of bearable size; the message ends the sentence that names the subgraph."""


@dataclass(slots=True)
class HttpAnswer:
    """`headers` by lower-case name, the last of each; `body` is decompressed."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


class Connection(asyncio.Protocol):
    """Carries one request at a time. Whatever it gets unasked closes it, so that no answer is taken for another."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[HttpAnswer] | None = None
        self.idle_since = 0.0
        self.is_reusable = False

    async def exchange(self, request: bytes, deadline: float) -> HttpAnswer:
        """`deadline` is in the loop's time. Raises Disconnected, BrokenAnswer, TimeoutError."""
        if self._transport is None or self._transport.is_closing():
            raise Disconnected
        loop = asyncio.get_running_loop()
        self._begin()
        waiter: asyncio.Future[HttpAnswer] = loop.create_future()
        self._waiter = waiter
        timer = loop.call_at(deadline, self._fail, TimeoutError())
        self._transport.write(request)
        try:
            return await waiter
        finally:
            timer.cancel()
            if not self.is_reusable:
                self.close()

    def close(self) -> None:
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def _begin(self) -> None:
        self._answer = HttpAnswer()
        self._parts: list[bytes] = []
        self._size = 0
        self._head_size = 0
        self._has_head = False
        self.is_reusable = False

    # -- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # connections are made for streams only

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_reusable = False
        if self._waiter is None:
            return
        if self._has_head and exc is None and self._ends_with_the_connection():
            self._complete()
        elif self._has_head:
            self._fail(BrokenAnswer("broke off its answer"))
        else:
            self._fail(BrokenAnswer("answered with what is no HTTP") if self._head_size else Disconnected())

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.close()
            return
        if not self._has_head:
            self._head_size += len(data)
            if self._head_size > _MAX_HEAD_BYTES + self._limit:
                self._fail(BrokenAnswer("answered with too much data"))
                return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            # After a complete answer this is about what follows it, which nobody asked for.
            self.is_reusable = False
            self._fail(BrokenAnswer("answered with what is no HTTP"))
        if self._waiter is None and not self.is_reusable:
            self.close()

    # -- the parser

    def on_message_begin(self) -> None:
        if self._waiter is None:
            self.is_reusable = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self._answer.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._answer.status = self._parser.get_status_code()
        self._has_head = self._answer.status >= 200
        length = self._answer.headers.get("content-length", "")
        if length.isdigit() and int(length) > self._limit:
            self._fail(BrokenAnswer("answered with too much data"))

    def on_body(self, body: bytes) -> None:
        self._size += len(body)
        if self._size > self._limit:
            self._fail(BrokenAnswer("answered with too much data"))
        elif self._waiter is not None:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if not self._has_head:  # 100 Continue and the like: the answer is still to come
            self._answer = HttpAnswer()
        elif self._waiter is not None:
            self.is_reusable = self._parser.should_keep_alive()
            self._complete()

    # -- the end

    def _ends_with_the_connection(self) -> bool:
        headers = self._answer.headers
        return "content-length" not in headers and "transfer-encoding" not in headers

    def _complete(self) -> None:
        answer, self._answer = self._answer, HttpAnswer()  # what follows must not change what was answered
        answer.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        encoding = answer.headers.get("content-encoding", "identity").strip().lower()
        if encoding not in {"identity", ""}:
            try:
                answer.body = self._decompressed(answer.body, encoding)
            except BrokenAnswer as error:
                self._fail(error)
                return
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(answer)

    def _decompressed(self, body: bytes, encoding: str) -> bytes:
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise BrokenAnswer("answered in an encoding that was not asked for")
        unpacker = zlib.decompressobj(_GZIP_OR_ZLIB)
        try:
            text = unpacker.decompress(body, self._limit + 1)
        except zlib.error as error:
            raise BrokenAnswer("broke off its answer") from error
        if len(text) > self._limit:
            raise BrokenAnswer("answered with too much data")
        if not unpacker.eof:
            raise BrokenAnswer("broke off its answer")
        return text

    def _fail(self, error: Exception) -> None:
        self.is_reusable = False
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)
