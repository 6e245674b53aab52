"""Which webhooks listen, for whoever only has to know whether any does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from rapport_automation.webhooks.model import Webhook
from rapport_automation.webhooks.values import matches


class Listening:
    """Reads the webhooks for all who ask at the same time, and keeps nothing.

    An answer is never older than its question: no replica overlooks a webhook that was there before the event.
    """

    def __init__(self, read: Callable[[], Awaitable[Sequence[Webhook]]]) -> None:
        self._read = read
        self._under_way: asyncio.Task[Sequence[Webhook]] | None = None
        self._next: asyncio.Task[Sequence[Webhook]] | None = None

    async def any_to(self, routing_key: str) -> bool:
        """Whether any webhook is to be told of such events. Raises DatabaseError."""
        if self._next is None:
            self._next = asyncio.create_task(self._read_after(self._under_way))
        found = await asyncio.shield(self._next)
        return any(matches(webhook.events, routing_key) for webhook in found)

    async def _read_after(self, before: asyncio.Task[Sequence[Webhook]] | None) -> Sequence[Webhook]:
        """One reading after the other: who asks during one waits for the next, together with others."""
        if before is not None:
            await asyncio.wait([before])
        self._under_way, self._next = self._next, None
        return await self._read()
