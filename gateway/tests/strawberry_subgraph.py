"""A real Strawberry subgraph under uvicorn, and a proxy before it whose connections can be cut or frozen."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Self

import strawberry
import uvicorn
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL


@dataclass
class Seen:
    """What the subgraph was told: the payload of each connection, and which streams run and have ended."""

    connections: list[dict[str, Any]] = field(default_factory=list)
    running: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    over: bool = False
    """Nothing runs on once its server is gone: a stream that never waits is not always cancelled with its request."""


SEEN = Seen()


@strawberry.federation.type(keys=["id"])
class Tick:
    id: strawberry.ID
    number: int


@strawberry.type
class Query:
    @strawberry.field
    def now(self) -> int:
        return 5


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def ticks(self, name: str, to: int = 1_000_000, every: float = 0.01) -> AsyncGenerator[Tick, None]:
        SEEN.running.append(name)
        try:
            for number in range(to):
                if SEEN.over:
                    break
                yield Tick(id=strawberry.ID(f"{name}-{number}"), number=number)
                await asyncio.sleep(every)
        finally:
            SEEN.ended.append(name)

    @strawberry.subscription
    async def failing(self) -> AsyncGenerator[int, None]:
        raise ValueError("no such thing")
        yield 1

    @strawberry.subscription
    async def large(self, size: int) -> AsyncGenerator[str, None]:
        yield "x" * size


class Endpoint(GraphQL[Any, None]):
    async def on_ws_connect(self, context: Any) -> Any:
        SEEN.connections.append(dict(context["connection_params"]))
        return await super().on_ws_connect(context)


SCHEMA = strawberry.federation.Schema(query=Query, subscription=Subscription)


class QuietServer(uvicorn.Server):
    """Leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def strawberry_server(protocols: tuple[str, ...] | None = None) -> AsyncIterator[int]:
    """The port it listens on."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    app = Endpoint(SCHEMA, subscription_protocols=protocols or (GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL))
    config = uvicorn.Config(app, log_config=None, ws="websockets-sansio", lifespan="off", timeout_graceful_shutdown=1)
    server = QuietServer(config)
    SEEN.over = False
    serving = asyncio.create_task(server.serve([listener]))
    await until(lambda: server.started)
    try:
        yield listener.getsockname()[1]
    finally:
        SEEN.over = True
        server.should_exit = True
        await serving
        listener.close()


class Proxy:
    """Passes bytes on until told otherwise."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.accepted = 0
        self.refusing = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open_connections(self) -> int:
        return len(self._writers) // 2

    def cut(self) -> None:
        """Every connection is reset."""
        for writer in list(self._writers):
            writer.transport.abort()

    def freeze(self) -> None:
        """Nothing goes through any more, and nobody is told."""
        self._flowing.clear()

    def thaw(self) -> None:
        self._flowing.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        self.accepted += 1
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        ends = {writer, far_writer}
        self._writers |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer)),
            asyncio.create_task(self._pump(far_reader, writer)),
        ]
        self._tasks.update(pumps)
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.close()
        self._writers -= ends
        for pump in pumps:
            pump.cancel()
        self._tasks.difference_update(pumps)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()


async def until(condition: Any, *, seconds: float = 10.0) -> None:
    """Waits for what other tasks bring about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what others do has no event)
            await asyncio.sleep(0.005)
