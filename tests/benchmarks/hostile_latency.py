"""What another client notices of somebody who sends hostile requests to the gateway.

    python tests/benchmarks/hostile_latency.py [--rounds N] [--beside]

A steady client is measured alone, beside a sender of harmless requests of the same sizes, and beside the sender of the
hostile ones, in turns, with the default settings and with those of docker-compose.yml. Each hostile request has a text
of its own, so that nothing is remembered; one follows the other after 20 ms, or when the one before is refused.
Latencies are told as the client sees them, and less what its process and the gateway's loop waited for a processor that
other processes had: that is what is left on a machine that does nothing else. `--beside` measures gateways as well that
read large documents in a thread, not in a process of their own.
"""

import argparse
import asyncio
import itertools
import json
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

import aiohttp
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY), str(REPOSITORY / "tests" / "helpers")]

from gateway.tests.crm import SDL  # noqa: E402  (a script finds the tests' helpers only now)
from gateway.tests.gateway_process import free_port, start_process  # noqa: E402
from hostile_documents import hostile_documents  # noqa: E402

PAUSE = 0.02  # seconds between two requests of the steady client, and of the other one
REQUESTS = 100  # of the steady client, in each turn
OTHERS = ("nobody", "harmless", "hostile")
PREFIX = "RAPPORT_GATEWAY_"
LIMITS = ("MAX_", "RATE_", "ADDRESS_RATE_", "INTROSPECTION", "SUGGESTIONS")
Times = list[tuple[float, float]]
"""Milliseconds of each request, and less the waiting for a processor."""
Turn = tuple[Times, float, int]
"""The gateway's seconds of processor time, requests of the other client."""


def production() -> dict[str, str]:
    """The limits that docker-compose.yml sets."""
    compose = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
    given: dict[str, str] = compose["services"]["gateway"]["environment"]
    return {name: str(value) for name, value in given.items() if name.removeprefix(PREFIX).startswith(LIMITS)}


async def main(rounds: int, *, beside: bool) -> None:
    settings = {"default": {}, "production": production()}
    if beside:
        settings |= {f"{name}, in a thread": {**own, f"{PREFIX}READ_APART": "false"} for name, own in settings.items()}
    async with AsyncExitStack() as stack:
        gateways = {name: await stack.enter_async_context(_gateway(own)) for name, own in settings.items()}
        turns: dict[tuple[str, str], list[Turn]] = {}
        for _ in range(rounds):
            for (name, gateway), other in itertools.product(gateways.items(), OTHERS):
                turns.setdefault((name, other), []).append(await _turn(gateway, other))
    print(f"load of the machine: {os.getloadavg()[0]:.1f}")
    told = f"{'p50':>8}{'p99':>8}{'longest':>9}"
    print(f"{'settings':24}{'beside':>10}{told} ms | less waiting{told} ms |{'others/s':>9}{'gateway CPU %':>15}")
    for (name, other), made in turns.items():
        seen, own = zip(*(each for times, _, _ in made for each in times), strict=True)
        seconds = sum(seen) / 1000 + PAUSE * len(seen)
        rate, busy = sum(sent for _, _, sent in made) / seconds, 100 * sum(used for _, used, _ in made) / seconds
        print(f"{name:24}{other:>10}{_summary(seen)}    |             {_summary(own)}    |{rate:9.1f}{busy:15.0f}")


def _summary(times: Sequence[float]) -> str:
    return f"{statistics.median(times):8.1f}{statistics.quantiles(times, n=100)[98]:8.1f}{max(times):9.1f}"


@asynccontextmanager
async def _gateway(environment: dict[str, str]) -> AsyncIterator[tuple[str, int]]:
    """Its address and its process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "supergraph.graphql"
        file.write_text(SDL)
        port = free_port()
        process = await start_process("serve", "--supergraph", str(file), "--port", str(port), **environment)
        try:
            url = f"http://127.0.0.1:{port}/graphql"
            await _until_it_listens(url)
            await asyncio.sleep(2)  # until the process for large documents has read the schema
            yield url, process.pid
        finally:
            process.terminate()
            await process.wait()


async def _until_it_listens(url: str) -> None:
    async with aiohttp.ClientSession() as http, asyncio.timeout(120):
        while True:
            try:
                async with http.post(url, json={"query": "{ __typename }"}):
                    return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.1)


async def _turn(gateway: tuple[str, int], other: str) -> Turn:
    url, pid = gateway
    sent = multiprocessing.Value("l", 0)
    sender = multiprocessing.Process(target=_send, args=(url, other, sent))
    if other != "nobody":
        sender.start()
        while not sent.value:  # noqa: ASYNC110  (another process sets it)
            await asyncio.sleep(0.01)
    began = _processor_seconds(pid)
    try:
        times = await _steady(url, pid)
        used, number = _processor_seconds(pid) - began, sent.value
        assert other == "nobody" or sender.is_alive(), "the other client stopped"
    finally:
        if sender.pid:
            sender.kill()
            sender.join()
    return times, used, number


async def _steady(url: str, pid: int) -> Times:
    """The gateway answers by itself: what is waited for is only its turn."""
    times = []
    async with aiohttp.ClientSession(headers={"authorization": "Bearer steady"}) as http:
        for _ in range(REQUESTS):
            waited, start = _waited(pid), time.perf_counter()
            async with http.post(url, json={"query": "{ __typename }"}) as response:
                assert await response.json() == {"data": {"__typename": "Query"}}
            taken = (time.perf_counter() - start) * 1000
            times.append((taken, max(0.0, taken - _waited(pid) + waited)))
            await asyncio.sleep(PAUSE)
    return times


def _waited(pid: int) -> float:
    """Milliseconds for which this process and the first thread of the other were ready, but not run."""
    threads = (os.getpid(), pid)
    return sum(int(Path(f"/proc/{each}/task/{each}/schedstat").read_text().split()[1]) for each in threads) / 1e6


def _send(url: str, other: str, sent: "Synchronized[int]") -> None:
    """In a process of its own, so that the steady client's figures are the gateway's alone."""
    requests = hostile_documents()
    first = time.time_ns()
    for number in itertools.count(first):
        hostile = requests[(number - first) * 7 % len(requests)]  # in another order: kinds alternate
        text = hostile.text.encode("utf-8", "replace").decode() + f" # {number}"
        body = json.dumps({"query": text, "variables": hostile.variables}).encode()
        if other == "harmless":
            body = json.dumps({"query": "{ __typename }", "variables": {"same": "x" * len(body)}}).encode()
        request = urllib.request.Request(url, body, {"content-type": "application/json", "authorization": "Bearer b"})
        try:
            with urllib.request.urlopen(request) as response:
                answer = json.load(response)
        except urllib.error.HTTPError as refused:
            answer = json.load(refused)
        sent.value += 1
        codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
        assert bool(codes) == (other == "hostile"), f"{hostile.name}: {codes}"
        time.sleep(PAUSE)


def _processor_seconds(pid: int) -> float:
    """Of the process and of those it has started."""
    children = [each for file in Path(f"/proc/{pid}/task").glob("*/children") for each in file.read_text().split()]
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in (str(pid), *children)]
    return sum(int(each[11]) + int(each[12]) for each in fields) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--beside", action="store_true")
    options = parser.parse_args()
    asyncio.run(main(options.rounds, beside=options.beside))
