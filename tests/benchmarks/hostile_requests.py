"""How long it takes to refuse each hostile request; hostile_latency.py tells what another client notices of them.

    python tests/benchmarks/hostile_requests.py

Prints milliseconds of processor time per request: at the gateway when it comes first, and again; at the slowest of the
subgraphs. Then for how much processor time of the gateway's process its loop serves nobody else meanwhile.
"""

import asyncio
import gc
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "helpers")]

from gateway.tests.crm import pipeline  # noqa: E402  (a script finds the tests' helpers only now)
from hostile_documents import Hostile, hostile_documents  # noqa: E402

from rapport_gateway.errors import RequestRefused  # noqa: E402
from rapport_gateway.pipeline import GraphQLRequest, Pipeline  # noqa: E402
from rapport_local.system.table import SERVICES  # noqa: E402
from rapport_shared.actor import Actor  # noqa: E402
from rapport_shared.graphql.context import RequestContext  # noqa: E402
from rapport_shared.graphql.limits import read_document  # noqa: E402

GOAL = 100.0  # milliseconds
REPEATS = 3


def main() -> None:
    slowest = _refusals()
    for apart in (True, False):
        asyncio.run(_held_up(apart=apart))
    if slowest > GOAL:
        raise SystemExit(f"the slowest refusal takes {slowest:.0f} ms, more than {GOAL:.0f}")


def _refusals() -> float:
    schemas = [import_module(f"rapport_{service}.schema").build_schema() for service in SERVICES]
    context = RequestContext(caller=Actor("usr_1", "SALES", "ses_1"))
    print(f"{'refused':45}{'first':>9}{'again':>9}{'subgraph':>9}  ms")
    worst = [0.0, 0.0, 0.0]
    for hostile in hostile_documents():
        gateways = [pipeline() for _ in range(REPEATS)]
        waiting = iter(gateways)
        first = _fastest(lambda: _refuse(next(waiting), hostile))  # noqa: B023  (called at once)
        again = _fastest(lambda: _refuse(gateways[0], hostile))  # noqa: B023

        def at_subgraph(schema: Any, hostile: Hostile = hostile) -> None:
            read_document.cache_clear()
            result = schema.execute_sync(hostile.text, hostile.variables, context_value=context)
            assert result.errors

        refusing = schemas if hostile.at_subgraph else []
        direct = max((_fastest(partial(at_subgraph, schema)) for schema in refusing), default=0.0)
        times = (first, again, direct)
        worst = [max(pair) for pair in zip(worst, times, strict=True)]
        print(f"{hostile.name:45}" + "".join(f"{value:9.2f}" for value in times))
    print(f"{'slowest':45}" + "".join(f"{value:9.2f}" for value in worst))
    return max(worst)


def _refuse(gateway: Pipeline, hostile: Hostile) -> None:
    request = GraphQLRequest(hostile.text, None, hostile.variables, {})
    try:
        operation = gateway.prepare(request)
        gateway._checked_variables(operation, request.variables)
    except RequestRefused:
        return
    raise AssertionError(f"{hostile.name} was admitted")


def _fastest(run: Callable[[], object]) -> float:
    """Milliseconds of processor time: the least of a few, for other processes disturb."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        times.append((time.process_time() - start) * 1000)
    return min(times)


async def _held_up(*, apart: bool) -> None:
    """For how much processor time the loop serves nobody else while each request is refused: independent of whatever
    else the machine does."""
    sys.setswitchinterval(0.0005)  # as the server does
    gateway = pipeline(reads_apart=apart)
    await gateway.start()
    gc.collect()
    gc.freeze()
    gaps: list[float] = []

    async def tick() -> None:
        while True:
            start = time.process_time()
            await asyncio.sleep(0.001)
            gaps.append((time.process_time() - start) * 1000)

    ticking = asyncio.create_task(tick())
    for hostile in hostile_documents():
        request = GraphQLRequest(hostile.text, None, hostile.variables, {})
        try:
            gateway._checked_variables(await gateway.prepared(request), request.variables)
        except RequestRefused:
            await asyncio.sleep(0.002)
    ticking.cancel()
    if gateway.apart is not None:
        gateway.apart.close()
    where = "in another process" if apart else "in a thread"
    told = f"p99 {statistics.quantiles(gaps, n=100)[98]:.1f} ms, longest {max(gaps):.1f} ms of processor time"
    print(f"large documents read {where}: the loop is held up for {told}")


if __name__ == "__main__":
    main()
