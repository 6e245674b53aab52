"""Waiting for something, but not for ever."""

import time
from collections.abc import Callable

from rapport_local.errors import CannotRun


def wait_until(ready: Callable[[], bool], *, seconds: float, what: str, poll: float = 0.1) -> None:
    """Return when the condition holds. Raises CannotRun, naming `what`, when the time runs out."""
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise CannotRun(f"{what} was not ready after {seconds:.0f} s")
        time.sleep(poll)
