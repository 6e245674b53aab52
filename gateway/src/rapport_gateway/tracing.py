"""OpenTelemetry spans, where there is an address to send them to; without one, OpenTelemetry is not even imported."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

Attributes = Mapping[str, str | int | bool]
Stages = Callable[[str], AbstractContextManager[None]]
"""Gives what to run a stage of a request in, by the stage's name."""


class Tracer(Protocol):
    """What the gateway needs of a tracer; see `NoTracer` for one that does nothing."""

    is_on: bool

    def operation(self, name: str, headers: Mapping[str, str], attributes: Attributes) -> AbstractContextManager[Any]:
        """The whole of one request, below the caller's span where `headers` hold a traceparent."""
        ...

    def stage(self, name: str) -> AbstractContextManager[Any]:
        """A part of what runs now."""
        ...

    def describe(self, attributes: Attributes) -> None:
        """Say more of what runs now."""
        ...

    def call(self, subgraph: str, headers: Mapping[str, str]) -> AbstractContextManager[dict[str, str]]:
        """A request to a subgraph; gives the headers to send, which name this span as the caller's."""
        ...

    def close(self) -> None:
        """Send what waits."""
        ...


class NoTracer:
    is_on = False

    def operation(self, name: str, headers: Mapping[str, str], attributes: Attributes) -> AbstractContextManager[Any]:
        return nullcontext()

    def stage(self, name: str) -> AbstractContextManager[Any]:
        return nullcontext()

    def describe(self, attributes: Attributes) -> None:
        pass

    def call(self, subgraph: str, headers: Mapping[str, str]) -> AbstractContextManager[dict[str, str]]:
        return nullcontext(dict(headers))

    def close(self) -> None:
        pass


class OpenTelemetryTracer:
    """Spans of the requests that are sampled: by the caller's decision, else one in so many."""

    is_on = True

    def __init__(self, provider: Any) -> None:
        from opentelemetry import propagate, trace  # noqa: PLC0415  (10 MB that only tracing needs)

        self._provider = provider
        self._tracer = provider.get_tracer("rapport_gateway")
        self._kind = trace.SpanKind
        self._current = trace.get_current_span
        self._error = trace.Status(trace.StatusCode.ERROR)
        self._extract = propagate.extract
        self._inject = propagate.inject

    @contextmanager
    def operation(self, name: str, headers: Mapping[str, str], attributes: Attributes) -> Iterator[Any]:
        given = {key: value for key, value in headers.items() if key in {"traceparent", "tracestate"}}
        with self._span(name, self._kind.SERVER, attributes, context=self._extract(given)) as span:
            yield span

    @contextmanager
    def stage(self, name: str) -> Iterator[Any]:
        with self._span(f"graphql.{name}", self._kind.INTERNAL, {}) as span:
            yield span

    def describe(self, attributes: Attributes) -> None:
        self._current().set_attributes(attributes)

    @contextmanager
    def call(self, subgraph: str, headers: Mapping[str, str]) -> Iterator[dict[str, str]]:
        with self._span(f"subgraph {subgraph}", self._kind.CLIENT, {"graphql.subgraph": subgraph}):
            own = {name: value for name, value in headers.items() if name not in {"traceparent", "tracestate"}}
            self._inject(own)
            yield own

    @contextmanager
    def _span(self, name: str, kind: Any, attributes: Attributes, **options: Any) -> Iterator[Any]:
        """Failures mark the span by their class only: their texts may quote what a client sent."""
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False, **options
        ) as span:
            try:
                yield span
            except Exception as failure:
                span.set_attribute("error.type", type(failure).__name__)
                span.set_status(self._error)
                raise

    def close(self) -> None:
        self._provider.shutdown()


def otlp_tracer(endpoint: str, share: float, headers: Mapping[str, str]) -> Tracer:
    """Sends to an OTLP/HTTP collector (`http://host:4318`), in batches, from a thread of its own.

    `share` of the requests, from 0 to 1, is sampled where the caller has not decided; `headers` go to the collector.
    """
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415
    from opentelemetry.sdk.trace.sampling import ParentBasedTraceIdRatio  # noqa: PLC0415

    provider = TracerProvider(
        resource=Resource.create({"service.name": "rapport-gateway"}),
        sampler=ParentBasedTraceIdRatio(share),
        shutdown_on_exit=False,
    )
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces", headers=dict(headers))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return OpenTelemetryTracer(provider)
