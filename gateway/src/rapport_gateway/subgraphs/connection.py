"""One HTTP/1.1 connection to a subgraph: a request out in one write, the answer parsed as it comes."""

from __future__ import annotations

import asyncio
import zlib
from time import monotonic
from typing import cast

import httptools

from rapport_gateway import in_flight
from rapport_gateway.subgraphs.answers import HttpAnswer, plain_answer

_MAX_HEAD_BYTES = 64 * 1024
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class Disconnected(Exception):
    """The connection failed before an answer began: the request may not have been seen."""


class BrokenAnswer(Exception):
    """What came is not a whole HTTP answer of bearable size; the message ends the sentence that names the subgraph."""


Waiter = in_flight.Waiter[HttpAnswer]


class Connection(asyncio.Protocol):
    """Carries one request at a time. Whatever it gets unasked closes it, so that no answer is taken for another."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parser = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiter: Waiter | None = None
        self._outcome: HttpAnswer | Exception | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self.idle_since = 0.0
        self.is_reusable = False

    async def exchange(self, request: bytes, deadline: float) -> HttpAnswer:
        """`deadline` is in the time of `time.monotonic`. Raises Disconnected, BrokenAnswer, TimeoutError."""
        waiter: asyncio.Future[HttpAnswer] = asyncio.get_running_loop().create_future()
        self.begin(request, deadline, waiter)
        try:
            return await waiter
        except BaseException:
            self.close()
            raise

    def begin(self, request: bytes, deadline: float, waiter: Waiter) -> None:
        """The same for who does not await: told in time, and to close the connection where it is not reusable then.
        Raises Disconnected."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise Disconnected
        self._size = self._head_size = 0
        self._has_head = self._is_inside = self.is_reusable = False
        self._waiter = waiter
        self._watch(deadline)
        transport.write(request)

    @property
    def is_usable(self) -> bool:
        """Whether the next request can be sent."""
        return self.is_reusable and self._transport is not None and not self._transport.is_closing()

    def close(self) -> None:
        self.is_reusable = False
        if self._transport is not None:
            self._transport.abort()

    def _watch(self, deadline: float) -> None:
        """One timer serves many requests: where it comes too early it is set again."""
        self._deadline = deadline
        if self._timer is not None:
            if self._timer_at <= deadline:
                return
            self._timer.cancel()
        self._timer_at = deadline
        self._timer = asyncio.get_running_loop().call_later(deadline - monotonic(), self._time_is_up)

    def _time_is_up(self) -> None:
        self._timer = None
        if self._waiter is None:
            return
        if monotonic() < self._deadline:
            self._watch(self._deadline)
        else:
            self._fail(TimeoutError())
            self._tell()

    # -- asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # connections are made for streams only

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_reusable = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._waiter is None:
            return
        if self._has_head and exc is None and self._ends_with_the_connection():
            self._complete()
        elif self._has_head:
            self._fail(BrokenAnswer("broke off its answer"))
        else:
            self._fail(BrokenAnswer("answered with what is no HTTP") if self._head_size else Disconnected())
        self._tell()

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.close()
            return
        answer = None if self._is_inside else plain_answer(data, self._limit)
        if answer is not None:
            self.is_reusable = True
            self._outcome = answer
        else:
            self._parse(data)
        if self._outcome is not None:
            self._tell()

    def _parse(self, data: bytes) -> None:
        if not self._is_inside:
            self._is_inside = True
            self._answer = HttpAnswer()
            self._parts: list[bytes] = []
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

    # -- the parser

    def on_message_begin(self) -> None:
        if self._outcome is not None:
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
        elif self._outcome is None:
            self._parts.append(body)

    def on_message_complete(self) -> None:
        if not self._has_head:  # 100 Continue and the like: the answer is still to come
            self._answer = HttpAnswer()
        elif self._outcome is None:
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
        self._outcome = answer

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
        if self._outcome is None:
            self._outcome = error

    def _tell(self) -> None:
        """As the last of what is done with what came: who is told may send the next request."""
        waiter, outcome = self._waiter, self._outcome
        self._waiter = self._outcome = None
        if not self.is_reusable:
            self.close()
        if waiter is None or waiter.done():
            return
        if isinstance(outcome, HttpAnswer):
            waiter.set_result(outcome)
        elif outcome is not None:
            waiter.set_exception(outcome)
