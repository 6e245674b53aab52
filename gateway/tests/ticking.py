"""Two subgraphs: one sends events, the other completes them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from gateway.tests.subgraph_world import Subgraph


async def _ticks(count: int = 3) -> AsyncIterator[dict[str, Any]]:
    for number in range(count):
        yield {"tick": {"id": str(number), "number": number}}
        await asyncio.sleep(0.01)


async def _burst(size: int) -> AsyncIterator[dict[str, Any]]:
    while True:
        yield {"burst": "x" * size}
        await asyncio.sleep(0)


async def _silence() -> AsyncIterator[dict[str, Any]]:
    await asyncio.Event().wait()
    yield {}


TICKS = Subgraph(
    """
    type Query { now: Int }
    type Subscription { tick(count: Int = 3): Tick burst(size: Int!): String silent: Int }
    type Mutation { set: Int }
    type Tick @key(fields: "id") { id: ID! number: Int! }
    """,
    {
        "now": 5,
        "tick": lambda _, count: _ticks(count),
        "burst": lambda _, size: _burst(size),
        "silent": lambda _: _silence(),
        "set": 1,
    },
    {"Tick": lambda r: r},
)
NAMES = Subgraph(
    'type Tick @key(fields: "id") { id: ID! name: String }', {}, {"Tick": lambda r: {**r, "name": f"tick {r['id']}"}}
)
