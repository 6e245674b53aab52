"""Measures gateways side by side, each on one processor core.

    make bench-gateway                                    everything, into docs/performance.md
    python -m tests.benchmarks.gateway.run --only rapport --query simple --connections 16 --rounds 3

All gateways run at the same time, on core 1; the load (wrk) and the subgraphs' stub are on core 0. They are measured in
turns, round after round, so that what else the machine does meets all of them. Every answer is compared first.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.benchmarks.gateway.gateways import HOME, NAMES, Gateway, Unavailable, gateways, install
from tests.benchmarks.gateway.processes import DidNotStart, Program, busy_seconds, free_port
from tests.benchmarks.gateway.report import publish, summary, table
from tests.benchmarks.gateway.scenario import QUERIES

GATEWAY_CORE, LOAD_CORE = 1, 0
CONNECTIONS = (1, 16, 64)
_REPOSITORY = Path(__file__).resolve().parents[3]
_LOAD_SCRIPT = Path(__file__).with_name("load.lua")
_START_SECONDS = 60.0


class Bench:
    """Running gateways in front of one stub."""

    def __init__(self, wanted: Sequence[str], stack: ExitStack) -> None:
        self._stack = stack
        (HOME / "logs").mkdir(exist_ok=True)
        reference, self._stub_port = free_port(), free_port()
        serve = [sys.executable, "-m", "tests.benchmarks.gateway.scenario", str(reference)]
        self._start("reference", serve, LOAD_CORE, _REPOSITORY).wait_for(reference, _START_SECONDS)
        stub = [str(HOME / "stub"), str(self._stub_port), str(reference)]
        self._start("stub", stub, LOAD_CORE, HOME).wait_for(self._stub_port, _START_SECONDS)
        self._ports = {name: free_port() for name in NAMES}
        self.running: dict[str, tuple[Gateway, Program]] = {}
        for gateway in gateways(self._stub_port, self._ports):
            if gateway.name in wanted:
                program = self._start(gateway.name, gateway.command, GATEWAY_CORE, gateway.folder, gateway.environment)
                self.running[gateway.name] = (gateway, program)
        for name, (_, program) in self.running.items():
            program.wait_for(self._ports[name], _START_SECONDS)

    def check_answers(self, queries: Sequence[str]) -> None:
        """Raises DidNotStart when a gateway gives another answer than the first."""
        for query in queries:
            answers = {name: self._ask(name, query) for name in self.running}
            expected = next(iter(answers.values()))
            for name, answer in answers.items():
                if "errors" in answer or answer != expected:
                    raise DidNotStart(f"{name} answers the {query} query differently: {str(answer)[:300]}")

    def measure(self, name: str, query: str, connections: int, seconds: int) -> dict[str, Any]:
        gateway, program = self.running[name]
        asked, used, busy = self._asked(), program.cpu_seconds(), busy_seconds(GATEWAY_CORE)
        start = time.monotonic()
        load = self._load(name, query, connections, seconds)
        elapsed = time.monotonic() - start
        cpu = program.cpu_seconds() - used
        others = busy_seconds(GATEWAY_CORE) - busy - cpu
        requests = max(1, load["requests"])
        return {
            "gateway": name,
            "title": gateway.title,
            "dedupes": gateway.dedupes,
            "query": query,
            "connections": connections,
            "rps": load["requests"] / load["seconds"],
            "cpu_us": cpu / requests * 1e6,
            "p50": load["p50"],
            "p99": load["p99"],
            "failed": load["failed"],
            "subgraph_requests": (self._asked() - asked) / requests,
            "megabytes": program.megabytes(),
            "others": max(0.0, others / elapsed),
        }

    def warm(self, name: str, query: str, seconds: int) -> None:
        self._load(name, query, 16, seconds)
        self._load(name, query, 1, 1)

    def _start(
        self, name: str, command: Sequence[str], core: int, folder: Path, environment: dict[str, str] | Any = None
    ) -> Program:
        log = HOME / "logs" / f"{name}.log"
        program = Program.start(command, cores=str(core), log=log, environment=environment or {}, folder=folder)
        self._stack.callback(program.stop)
        return program

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._ports[name]}/graphql"

    def _load(self, name: str, query: str, connections: int, seconds: int) -> dict[str, float]:
        command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=20s"]
        command += ["-s", str(_LOAD_SCRIPT), self._url(name), "--", str(HOME / f"{query}.json")]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        result: dict[str, float] = json.loads(done.stdout.partition("RESULT ")[2].partition("\n")[0])
        return result

    def _ask(self, name: str, query: str) -> dict[str, Any]:
        """The answer; a gateway that listens is not always ready to give one."""
        end = time.monotonic() + _START_SECONDS
        while True:
            try:
                answer = _post(self._url(name), (HOME / f"{query}.json").read_bytes())
            except OSError:
                answer = {"errors": ["no answer"]}
            if "errors" not in answer or time.monotonic() > end:
                return answer
            time.sleep(0.5)

    def _asked(self) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._stub_port}/") as response:
            return int(json.load(response)["requests"])


def _post(url: str, body: bytes) -> dict[str, Any]:
    headers = {"content-type": "application/json", "accept": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=20) as response:
        answer: dict[str, Any] = json.load(response)
        return answer


@contextmanager
def _bench(wanted: Sequence[str]) -> Iterator[Bench]:
    with ExitStack() as stack:
        yield Bench(wanted, stack)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=NAMES, help="a gateway (several times for several)")
    parser.add_argument("--query", action="append", choices=tuple(QUERIES))
    parser.add_argument("--connections", action="append", type=int)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--warm", type=int, default=5, help="seconds of load before the first measurement")
    parser.add_argument("--publish", action="store_true", help="write the result into docs/performance.md")
    return parser.parse_args()


def main() -> None:
    options = _arguments()
    queries = options.query or list(QUERIES)
    install()
    for name, text in QUERIES.items():
        (HOME / f"{name}.json").write_text(json.dumps({"query": text}))
    results = []
    with _bench(options.only or NAMES) as bench:
        bench.check_answers(queries)
        for query in queries:
            for name in bench.running:
                bench.warm(name, query, options.warm)
            for _ in range(options.rounds):
                for connections in options.connections or CONNECTIONS:
                    for name in bench.running:
                        result = bench.measure(name, query, connections, options.seconds)
                        results.append(result)
                        print(json.dumps(result), file=sys.stderr, flush=True)
    (HOME / "results.json").write_text(json.dumps(results, indent=1))
    print(table(summary(results)))
    if options.publish:
        publish(results, rounds=options.rounds, seconds=options.seconds)


if __name__ == "__main__":
    try:
        main()
    except (Unavailable, DidNotStart) as problem:
        sys.exit(str(problem))
