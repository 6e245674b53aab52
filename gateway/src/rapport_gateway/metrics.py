"""What is counted, in Prometheus' text form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from time import perf_counter
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest

from rapport_gateway.counting import Counts, Durations, DurationsBy
from rapport_gateway.errors import ErrorDict
from rapport_gateway.logs import note
from rapport_gateway.tracing import NoTracer, Tracer

disable_created_metrics()  # type: ignore[no-untyped-call]


class Executing:
    """Entered with every operation, so without the costs of a generator."""

    __slots__ = ("_began", "_metrics", "_seconds", "_span")

    def __init__(self, metrics: Metrics, seconds: Durations) -> None:
        self._metrics = metrics
        self._seconds = seconds
        self._span = metrics.tracer.stage("execute") if metrics.tracer.is_on else None
        self._began = 0.0

    def __enter__(self) -> None:
        self._metrics.in_flight += 1
        self._began = perf_counter()
        if self._span is not None:
            self._span.__enter__()

    def __exit__(self, *failure: Any) -> None:
        if self._span is not None:
            self._span.__exit__(*failure)
        self._metrics.in_flight -= 1
        self._seconds.observe(perf_counter() - self._began)


class Metrics:
    """One registry per gateway, so that several can live in one process. `tracer` gets the same stages as spans.

    `in_flight` is how many operations run now, subscriptions left out; `subgraph_in_flight` how many requests wait
    for a subgraph: plain numbers, for they change with every request, and are read when somebody asks.
    """

    def __init__(self, tracer: Tracer | None = None) -> None:
        self.tracer = tracer or NoTracer()
        self.registry = CollectorRegistry()
        self.in_flight = 0
        self.subgraph_in_flight: dict[str, int] = {}
        self._durations()
        self._requests = Counts(
            "rapport_gateway_requests", "Client operations by kind and outcome.", ["kind", "outcome"]
        )
        self._subgraph = Counts("rapport_gateway_subgraph_requests", "Requests sent to subgraphs.", ["subgraph"])
        self._failures = Counter(
            "rapport_gateway_subgraph_failures",
            "Requests to subgraphs that got no usable answer.",
            ["subgraph", "code"],
            registry=self.registry,
        )
        self._hits = Counts("rapport_gateway_plan_cache_hits", "Operations found prepared.", [])
        self._misses = Counts("rapport_gateway_plan_cache_misses", "Operations prepared.", [])
        for counts in (self._requests, self._subgraph, self._hits, self._misses):
            self.registry.register(counts)
        self.websockets = Gauge("rapport_gateway_websockets", "Open WebSocket connections.", registry=self.registry)
        self.subscriptions = Gauge("rapport_gateway_subscriptions", "Open subscriptions.", registry=self.registry)

        self.supergraph_stale = Gauge(
            "rapport_gateway_supergraph_stale",
            "1 while a newer supergraph could not be put in force.",
            registry=self.registry,
        )
        self._reloads = Counter(
            "rapport_gateway_supergraph_reloads",
            "Attempts to put another supergraph in force: ok, failed, or its source was unreachable.",
            ["outcome"],
            registry=self.registry,
        )

        self._refusals = Counter(
            "rapport_gateway_refusals",
            "Operations that were not run, by the code of the first error.",
            ["code"],
            registry=self.registry,
        )

    def _durations(self) -> None:
        self._stage = DurationsBy(
            "rapport_gateway_stage_seconds",
            "What a stage takes: parse (with measuring), validate, plan of what was not found prepared; execute. "
            "Of large documents: read, in place of parse and validate.",
            "stage",
        )
        self._subgraph_seconds = DurationsBy(
            "rapport_gateway_subgraph_seconds", "What a subgraph takes to answer, failures included.", "subgraph"
        )
        self.registry.register(self._stage)
        self.registry.register(self._subgraph_seconds)
        self._execute = self._stage.of("execute")
        self._beside = Lock()  # large documents are read in a thread
        running = Gauge("rapport_gateway_operations_in_flight", "Operations that run now.", registry=self.registry)
        running.set_function(lambda: self.in_flight)
        self._waiting = Gauge(
            "rapport_gateway_subgraph_requests_in_flight",
            "Requests that wait for a subgraph now.",
            ["subgraph"],
            registry=self.registry,
        )

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure a stage that only operations take that are not found prepared."""
        began = perf_counter()
        try:
            with self.tracer.stage(name):
                yield
        finally:
            with self._beside:
                self._stage.of(name).observe(perf_counter() - began)

    def executing(self) -> Executing:
        """Measure an operation that runs, found prepared or not."""
        return Executing(self, self._execute)

    def subgraph_answered(self, subgraph: str, seconds: float) -> None:
        self._subgraph_seconds.of(subgraph).observe(seconds)

    def refused(self, errors: Sequence[ErrorDict]) -> None:
        """An operation that is not run."""
        self.request("unknown", "refused")
        code = errors[0]["extensions"]["code"]
        self._refusals.labels(code).inc()
        note(code=code)

    def supergraph_reload(self, outcome: str) -> None:
        """`outcome`: ok, failed, unreachable."""
        self._reloads.labels(outcome).inc()

    def request(self, kind: str, outcome: str) -> None:
        """`outcome`: ok, errors (answered with errors), refused (by `refused`)."""
        self._requests.add(kind, outcome)
        note(kind=kind, outcome=outcome)

    def subgraph_request(self, subgraph: str) -> None:
        self._subgraph.add(subgraph)

    def subgraph_failure(self, subgraph: str, code: str) -> None:
        self._failures.labels(subgraph, code).inc()

    def plan_cache(self, *, hit: bool) -> None:
        (self._hits if hit else self._misses).add()

    def render(self) -> bytes:
        for subgraph, number in self.subgraph_in_flight.items():
            self._waiting.labels(subgraph).set(number)
        return generate_latest(self.registry)
