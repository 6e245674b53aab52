"""Why a change is made, and when what it tells of happened: carried along every await of one command."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime

_explanation: ContextVar[tuple[str | None, datetime | None]] = ContextVar("rapport_explanation", default=(None, None))


def current_reason() -> str | None:
    """The reason that was given for what happens now; None where none was."""
    return _explanation.get()[0]


def current_occurrence() -> datetime | None:
    """When that happened which is recorded now, as whoever records it says; None where they say nothing."""
    return _explanation.get()[1]


@contextmanager
def explained(reason: str | None, occurred_at: datetime | None = None) -> Iterator[None]:
    """Run a block for this reason."""
    token = _explanation.set((reason, occurred_at))
    try:
        yield
    finally:
        _explanation.reset(token)
