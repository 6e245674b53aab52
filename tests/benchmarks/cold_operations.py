"""What an operation takes that has never been asked before, beside one that has.

    python -m tests.benchmarks.cold_operations

Prints milliseconds of processor time: reading the document, planning it, the first answer, and an answer after some
more. The subgraphs answer from memory in this process. Cold is the sum of the first three.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import orjson
from gateway.tests.subgraph_world import LINK, Federation, InProcessClient, Subgraph
from tests.benchmarks.gateway.scenario import QUERIES, SUBGRAPHS

from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.representations import prepare_batches
from rapport_gateway.execution.sharing import shared_positions
from rapport_gateway.operations import prepare
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphRequest
from rapport_gateway.subgraphs.reading import read_response

REPEATS = 9


class Remembering:
    """Answers of the real subgraphs as bytes, read again each time."""

    def __init__(self, inner: InProcessClient) -> None:
        self._inner = inner
        self._answers: dict[bytes, bytes] = {}
        self.subscribe = inner.subscribe

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        key = orjson.dumps([request.subgraph, request.text, dict(request.variables)])
        if key not in self._answers:
            self._answers[key] = orjson.dumps({"data": (await self._inner.execute(request)).data})
        return read_response(request.subgraph, 200, "application/json", self._answers[key])


async def main() -> None:
    world = Federation(**{name: Subgraph(LINK + s.sdl, s.root, s.entities) for name, s in SUBGRAPHS.items()})
    pipeline = world.pipeline
    pipeline._client = Remembering(world.client)
    print(f"{'':12}{'read':>8}{'plan':>8}{'first':>8}{'warm':>8}  cold is times warm")
    for name, text in QUERIES.items():
        for number in range(3):
            await _answer(pipeline, f"{text} # before {number}")
        read, plan, first = [], [], []
        for number in range(REPEATS):
            new = f"{text} # {number}"
            read.append(await _timed(lambda: _prepared(world, new)))  # noqa: B023  (called at once)
            plan.append(await _timed(lambda: _planned(world, new)))  # noqa: B023
            first.append(await _timed(lambda: _answer(pipeline, new)) - read[-1] - plan[-1])  # noqa: B023
        again = f"{text} # 0"
        warm = [await _timed(lambda: _answer(pipeline, again)) for _ in range(10 * REPEATS)]  # noqa: B023
        parts = (min(read), min(plan), max(0.0, min(first)), min(warm))
        print(f"{name:12}" + "".join(f"{1000 * part:8.2f}" for part in parts) + f"{sum(parts[:3]) / parts[3]:10.1f}")


async def _prepared(world: Federation, text: str) -> Any:
    return prepare(world.supergraph, text, None)


async def _planned(world: Federation, text: str) -> Any:
    """Less the reading, which is done before the clock runs."""
    operation = prepare(world.supergraph, text, None)
    began = time.process_time()
    plan = plan_operation(world.supergraph, operation.document, operation.definition, {})
    shared = shared_positions(plan.node)
    Projection(world.supergraph.api_schema, plan.operation.root, shared)
    prepare_batches(plan.node, shared)
    return time.process_time() - began


async def _answer(pipeline: Pipeline, text: str) -> Any:
    request = GraphQLRequest(text, None, {}, {})
    return orjson.dumps(await pipeline.execute(pipeline.prepare(request), request))


async def _timed(run: Callable[[], Awaitable[Any]]) -> float:
    """Seconds of processor time: what `run` took, or what it says itself."""
    began = time.process_time()
    told = await run()
    return told if isinstance(told, float) else time.process_time() - began


if __name__ == "__main__":
    asyncio.run(main())
