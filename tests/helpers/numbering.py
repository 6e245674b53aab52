"""What a relay does before it publishes."""

from rapport_shared.outbox import OutboxStore


async def number_events(outbox: OutboxStore, most: int = 10_000) -> None:
    """Give the oldest events that have no position the next ones."""
    rows = [row for row in await outbox.waiting(10_000) if row.position is None]
    await outbox.number(rows[:most])
