"""How long it takes to refuse each hostile request, and what another client notices of them.

    python tests/benchmarks/hostile_requests.py

Prints milliseconds of processor time per request: at the gateway when it comes first, and again; at the slowest of the
subgraphs. Then the latency of a steady client of a gateway process, alone and while an attacker sends the requests one
after the other (each time with a different text, so that nothing is remembered).
"""

import asyncio
import gc
import itertools
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import aiohttp

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "helpers")]

from gateway.tests.crm import SDL, pipeline  # noqa: E402  (a script finds the tests' helpers only now)
from gateway.tests.gateway_process import free_port, start_process  # noqa: E402
from hostile_documents import Hostile, hostile_documents  # noqa: E402

from rapport_gateway.errors import RequestRefused  # noqa: E402
from rapport_gateway.pipeline import GraphQLRequest, Pipeline  # noqa: E402
from rapport_local.system.table import SERVICES  # noqa: E402
from rapport_shared.actor import Actor  # noqa: E402
from rapport_shared.graphql.context import RequestContext  # noqa: E402
from rapport_shared.graphql.limits import read_document  # noqa: E402

GOAL = 100.0  # milliseconds
REPEATS = 3
VICTIM_REQUESTS = 500
PAUSE = 0.02  # seconds between two requests of the victim, and of the attacker


def main() -> None:
    slowest = _refusals()
    asyncio.run(_held_up())
    asyncio.run(_latencies())
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


async def _held_up() -> None:
    """For how much processor time the loop serves nobody else while each request is refused: independent of whatever
    else the machine does."""
    sys.setswitchinterval(0.0005)  # as the server does
    gateway = pipeline()
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
    p99 = statistics.quantiles(gaps, n=100)[98]
    print(f"the loop is held up for: p99 {p99:.1f} ms, longest {max(gaps):.1f} ms of processor time")


async def _latencies() -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "supergraph.graphql"
        file.write_text(SDL)
        port = free_port()
        gateway = await start_process("serve", "--supergraph", str(file), "--port", str(port))
        url = f"http://127.0.0.1:{port}/graphql"
        attacker = multiprocessing.Process(target=_attack, args=(url,))
        try:
            await _until_it_listens(url)
            _report("alone", await _victim(url))
            attacker.start()
            _report("under attack", await _victim(url))
            assert attacker.is_alive(), "the attacker stopped"
        finally:
            if attacker.pid:
                attacker.kill()
                attacker.join()
            gateway.terminate()
            await gateway.wait()


async def _until_it_listens(url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(120):
        while True:
            try:
                async with http.post(url, json={"query": "{ __typename }"}):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


async def _victim(url: str) -> list[float]:
    """The gateway answers by itself: what is waited for is only its turn."""
    times = []
    async with aiohttp.ClientSession() as http:
        for _ in range(VICTIM_REQUESTS):
            start = time.perf_counter()
            async with http.post(url, json={"query": "{ __typename }"}) as response:
                assert await response.json() == {"data": {"__typename": "Query"}}
            times.append((time.perf_counter() - start) * 1000)
            await asyncio.sleep(PAUSE)
    return times


def _attack(url: str) -> None:
    """In a process of its own, so that the victim's figures are the gateway's alone."""
    requests = hostile_documents()
    for number in itertools.count():
        hostile = requests[number % len(requests)]
        text = hostile.text.encode("utf-8", "replace").decode() + f" # {number}"
        body = json.dumps({"query": text, "variables": hostile.variables}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json"})
        with urllib.request.urlopen(request) as response:
            assert json.load(response)["errors"]
        time.sleep(PAUSE)


def _report(name: str, times: list[float]) -> None:
    p50, p99 = statistics.median(times), statistics.quantiles(times, n=100)[98]
    print(f"a client {name}: {len(times)} requests, p50 {p50:.1f} ms, p99 {p99:.1f} ms, longest {max(times):.1f} ms")


if __name__ == "__main__":
    main()
