"""What ties the events of one request together: carried along every await, into every event."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from rapport_shared.ids import new_event_id


@dataclass(frozen=True, slots=True)
class Trace:
    """The request (or event) that causes what happens now.

    ``correlation_id`` stays the same along a whole chain; ``causation_id`` is the id of the event that
    directly caused this step, None for a request; ``traceparent`` is the W3C trace context header.
    """

    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


_current: ContextVar[Trace | None] = ContextVar("rapport_trace", default=None)


def current_trace() -> Trace:
    """The trace of this task; a new one where there is none."""
    return _current.get() or Trace(new_event_id())


@contextmanager
def traced(trace: Trace) -> Iterator[None]:
    """Run a block under ``trace``."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)
