"""Counts database commands, and keeps them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

_COUNTED = {"find", "aggregate", "insert", "update", "getMore", "count"}


class _Counter(CommandListener):
    """Counts and, where asked to, keeps what reads or writes data, but not what a directory asks by its clock."""

    def __init__(self) -> None:
        self.seen = 0
        self.kept: list[dict[str, Any]] | None = None

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _COUNTED and not _asked_by_a_directory(event):
            self.seen += 1
            if self.kept is not None:
                self.kept.append(dict(event.command))

    def succeeded(self, event: CommandSucceededEvent) -> None:
        pass

    def failed(self, event: CommandFailedEvent) -> None:
        pass


def _asked_by_a_directory(event: CommandStartedEvent) -> bool:
    command = event.command
    return command.get("find") == "access" and "seq" in command["filter"]


_COUNTER = _Counter()
# For every client made from now on: test modules are imported before the first test connects.
monitoring.register(_COUNTER)


def commands() -> int:
    """How many commands that read or write data this process has sent, without those of directories' clocks."""
    return _COUNTER.seen


@contextmanager
def kept_commands() -> Iterator[list[dict[str, Any]]]:
    """The commands that ``commands`` counts, as this process sends them while the block runs."""
    kept: list[dict[str, Any]] = []
    _COUNTER.kept = kept
    try:
        yield kept
    finally:
        _COUNTER.kept = None
