"""What is counted, in Prometheus' text form."""

from __future__ import annotations

from functools import cache

from prometheus_client import CollectorRegistry, Counter, Gauge, disable_created_metrics, generate_latest

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """One registry per gateway, so that several can live in one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "rapport_gateway_requests",
            "Client operations by kind and outcome.",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self._subgraph = Counter(
            "rapport_gateway_subgraph_requests", "Requests sent to subgraphs.", ["subgraph"], registry=self.registry
        )
        self._failures = Counter(
            "rapport_gateway_subgraph_failures",
            "Requests to subgraphs that got no usable answer.",
            ["subgraph", "code"],
            registry=self.registry,
        )
        # Looking a label up costs more than counting.
        self._of_requests = cache(self._requests.labels)
        self._of_subgraph = cache(self._subgraph.labels)
        self._hits = Counter("rapport_gateway_plan_cache_hits", "Operations found prepared.", registry=self.registry)
        self._misses = Counter("rapport_gateway_plan_cache_misses", "Operations prepared.", registry=self.registry)
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

    def supergraph_reload(self, outcome: str) -> None:
        """`outcome`: ok, failed, unreachable."""
        self._reloads.labels(outcome).inc()

    def request(self, kind: str, outcome: str) -> None:
        """`outcome`: ok, errors (answered with errors), refused."""
        self._of_requests(kind, outcome).inc()

    def subgraph_request(self, subgraph: str) -> None:
        self._of_subgraph(subgraph).inc()

    def subgraph_failure(self, subgraph: str, code: str) -> None:
        self._failures.labels(subgraph, code).inc()

    def plan_cache(self, *, hit: bool) -> None:
        (self._hits if hit else self._misses).inc()

    def render(self) -> bytes:
        return generate_latest(self.registry)
