"""A subgraph that is nothing but a socket: it reads requests as they should be and answers with any bytes."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import orjson

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass
class RawSubgraph:
    """`answers` are used in order, the last of them for all that come after."""

    answers: list[Answer] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    url: str = ""
    connections: set[asyncio.StreamWriter] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        with suppress(OSError, asyncio.IncompleteReadError):
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                self.bodies.append(orjson.loads(await reader.readexactly(length)))
                self.paths.append(head.split(" ")[1])
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                await answer(writer)
        writer.close()


@asynccontextmanager
async def raw_subgraph() -> AsyncIterator[RawSubgraph]:
    subgraph = RawSubgraph()
    server = await asyncio.start_server(subgraph.serve, "127.0.0.1", 0)
    subgraph.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"
    try:
        yield subgraph
    finally:
        server.close()
        for connection in subgraph.connections:
            connection.transport.abort()


def raw(data: bytes, *, then_close: bool = False) -> Answer:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then_close:
            writer.close()

    return answer


def http(body: bytes, status: int = 200, media_type: str = "application/json", **headers: str) -> Answer:
    """A complete, correct HTTP answer. Underscores in header names stand for hyphens."""
    lines = [f"HTTP/1.1 {status} Whatever", f"content-type: {media_type}", f"content-length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return raw("\r\n".join([*lines, "", ""]).encode() + body)


def json(value: Any, status: int = 200, media_type: str = "application/json", **headers: str) -> Answer:
    return http(orjson.dumps(value), status, media_type, **headers)


def zipped(value: Any) -> Answer:
    return http(gzip.compress(orjson.dumps(value)), content_encoding="gzip")


def cut(body: bytes, announced: int) -> Answer:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {announced}\r\n\r\n"
    return raw(head.encode() + body, then_close=True)


def chunked(*parts: bytes) -> Answer:
    """The parts as they are: sizes and ends of chunks are theirs."""
    head = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
    return raw(head + b"".join(parts), then_close=True)


async def hang_up(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


async def say_nothing(_: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def trickle(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def never_end(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"2000\r\n" + b" " * 8192 + b"\r\n")
        await writer.drain()
