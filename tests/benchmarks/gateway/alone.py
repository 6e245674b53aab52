"""Rapport's gateway by itself: with one worker and with two, and with operations that were never asked before.

    python -m tests.benchmarks.gateway.alone [--rounds N] [--seconds N]

Needs wrk and a C compiler. Nothing is pinned: gateway, load (wrk) and the subgraphs' stub share all cores, so the table
tells how much of them each took, in cores. Measured in turns. `new`: each request has a text of its own, and they come
over one connection; with how many connections known ones come makes a difference, for where many are answered at a time
each costs less.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.gateway.gateways import HOME, Unavailable, build_stub, rapport, written_supergraph
from tests.benchmarks.gateway.processes import DidNotStart, Program, all_busy_seconds, free_port
from tests.benchmarks.gateway.scenario import QUERIES

WORKERS = (1, 2)
_CONNECTIONS, _ONE = 16, 1  # of new requests what is not answered at the end counts nevertheless: one of few is much
_REPOSITORY = Path(__file__).resolve().parents[3]
_LOAD_SCRIPT = Path(__file__).with_name("load.lua")
_START_SECONDS = 60.0
Case = tuple[str, bool, int, int]
"""The query, whether each request is new, the gateway's workers, connections."""
CASES: tuple[Case, ...] = (
    *((query, False, workers, _CONNECTIONS) for query in QUERIES for workers in WORKERS),
    *((query, is_new, 1, _ONE) for query in QUERIES for is_new in (False, True)),
)


@dataclass(frozen=True)
class Measured:
    """`gateway` is in microseconds of processor time per request; the last three in cores."""

    rps: float
    gateway: float
    p50: float
    p99: float
    gateway_cores: float
    load_cores: float
    other_cores: float


class Bench:
    """The gateway, once with each number of workers, in front of one stub."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        (HOME / "logs").mkdir(exist_ok=True)
        reference, stub = free_port(), free_port()
        serve = [sys.executable, "-m", "tests.benchmarks.gateway.scenario", str(reference)]
        self._start("reference", serve, _REPOSITORY, reference)
        self._stub = self._start("stub", [str(HOME / "stub"), str(stub), str(reference)], HOME, stub)
        self._gateways = {}
        for workers in WORKERS:
            port = free_port()
            gateway = rapport(f"rapport-{workers}", str(written_supergraph(stub)), port, dedupes=False)
            command = (*gateway.command, "--workers", str(workers))
            self._gateways[workers] = self._start(gateway.name, command, HOME, port), port

    def measure(self, case: Case, seconds: int) -> Measured:
        query, is_new, workers, connections = case
        gateway, port = self._gateways[workers]
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=20s", "-s", str(_LOAD_SCRIPT)]
        command += [f"http://127.0.0.1:{port}/graphql", "--", str(HOME / f"{query}.json")]
        if is_new:
            command.append(str(time.time_ns()))
        before, began = self._used(gateway), time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        elapsed = time.monotonic() - began
        asked, load, busy = (now - then for now, then in zip(self._used(gateway), before, strict=True))
        result = json.loads(done.stdout.partition("RESULT ")[2].partition("\n")[0])
        if result["failed"]:
            raise DidNotStart(f"{result['failed']} requests failed")
        return Measured(
            result["requests"] / result["seconds"],
            asked / result["requests"] * 1e6,
            result["p50"],
            result["p99"],
            *(used / elapsed for used in (asked, load, busy - asked - load)),
        )

    def _used(self, gateway: Program) -> tuple[float, float, float]:
        """Seconds of processor time: of the gateway, of load and stub, of everything."""
        wrk = resource.getrusage(resource.RUSAGE_CHILDREN)
        load = wrk.ru_utime + wrk.ru_stime + self._stub.cpu_seconds()
        return gateway.cpu_seconds(), load, all_busy_seconds()

    def _start(self, name: str, command: Sequence[str], folder: Path, port: int) -> Program:
        log, cores = HOME / "logs" / f"{name}.log", f"0-{(os.cpu_count() or 1) - 1}"
        program = Program.start(command, cores=cores, log=log, environment={}, folder=folder)
        self._stack.callback(program.stop)
        program.wait_for(port, _START_SECONDS)
        return program


def _told(results: dict[Case, list[Measured]]) -> str:
    lines = [
        (
            "| query | | workers | connections | requests/s | CPU µs/request | p50 ms | p99 ms "
            "| cores: gateway | load | others |"
        ),
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for (query, is_new, workers, connections), made in results.items():
        values = [statistics.median(column) for column in zip(*(vars(each).values() for each in made), strict=True)]
        columns = (f"{values[0]:,.0f}", f"{values[1]:,.0f}", *(f"{value:.2f}" for value in values[2:]))
        lines.append(
            f"| {query} | {'new' if is_new else 'known'} | {workers} | {connections} | {' | '.join(columns)} |"
        )
    lines.append("")
    for query in QUERIES:
        cases = ((True, 1, _ONE), (False, 1, _ONE), (False, 1, _CONNECTIONS), (False, 2, _CONNECTIONS))
        new, known, many, two = (_cost(results[query, *rest]) for rest in cases)
        lines.append(
            f"{query}: a new operation takes {new / known:.1f} times a known one over one connection, too, and"
        )
        lines.append(
            f"{new / many:.1f} times one of many at a time. With two workers a request takes {two / many:.2f} times"
        )
        lines.append("the processor time that it takes with one.")
    return "\n".join(lines)


def _cost(made: list[Measured]) -> float:
    return statistics.median(each.gateway for each in made)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    options = parser.parse_args()
    build_stub()
    for name, text in QUERIES.items():
        (HOME / f"{name}.json").write_text(json.dumps({"query": f"{text} # KNOWN"}))
    results: dict[Case, list[Measured]] = {case: [] for case in CASES}
    with ExitStack() as stack:
        bench = Bench(stack)
        for case in CASES:
            bench.measure(case, 2)
        for _ in range(options.rounds):
            for case, made in results.items():
                made.append(bench.measure(case, options.seconds))
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(_told(results))


if __name__ == "__main__":
    try:
        main()
    except (Unavailable, DidNotStart) as problem:
        sys.exit(str(problem))
