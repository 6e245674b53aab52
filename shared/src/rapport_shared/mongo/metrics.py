"""Counts the commands that a process sends to the database."""

from prometheus_client import Counter
from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

COMMANDS = Counter(
    "rapport_mongo_commands", "Commands sent to MongoDB, by name and collection.", ["command", "collection"]
)


class CommandCounter(CommandListener):
    """Counts each command once, when it is sent."""

    def started(self, event: CommandStartedEvent) -> None:
        """Count the command under the collection that it names, if any."""
        target = event.command.get(event.command_name)
        COMMANDS.labels(event.command_name, target if isinstance(target, str) else "").inc()

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Not counted."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Not counted."""
