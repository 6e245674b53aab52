"""A real Strawberry subgraph under uvicorn."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

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
    servers: int = 0
    """Nothing runs on once they are gone: a stream that never waits is not always cancelled with its request."""


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
                if not SEEN.servers:
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
    SEEN.servers += 1
    serving = asyncio.create_task(server.serve([listener]))
    await until(lambda: server.started)
    try:
        yield listener.getsockname()[1]
    finally:
        SEEN.servers -= 1
        server.should_exit = True
        await serving
        listener.close()


async def until(condition: Any, *, seconds: float = 10.0) -> None:
    """Waits for what other tasks bring about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  (what others do has no event)
            await asyncio.sleep(0.005)
