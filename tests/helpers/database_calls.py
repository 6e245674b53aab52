"""Counts database commands."""

from pymongo import monitoring
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

_COUNTED = {"find", "aggregate", "insert", "update", "getMore", "count"}


class _Counter(CommandListener):
    """Counts what reads or writes data, but not what a directory asks by its clock, at any moment of a test."""

    def __init__(self) -> None:
        self.seen = 0

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name in _COUNTED and not _asked_by_a_directory(event):
            self.seen += 1

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
