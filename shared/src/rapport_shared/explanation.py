"""Why a change is made: carried along every await of one command, into its audit row."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_reason: ContextVar[str | None] = ContextVar("rapport_reason", default=None)


def current_reason() -> str | None:
    """The reason that was given for what happens now; None where none was."""
    return _reason.get()


@contextmanager
def explained(reason: str | None) -> Iterator[None]:
    """Run a block for this reason."""
    token = _reason.set(reason)
    try:
        yield
    finally:
        _reason.reset(token)
