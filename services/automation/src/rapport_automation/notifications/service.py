"""The use cases of notifications: everybody has their own, and nobody another's."""

from collections.abc import Sequence
from typing import Any

from rapport_automation.notifications.model import Notification
from rapport_automation.notifications.repository import NotificationRepository
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.mongo import Page, PageRequest

UNREAD = {"read_at": None}


class NotificationService:
    """What ``by`` was told."""

    def __init__(self, notifications: NotificationRepository, clock: Clock) -> None:
        self._notifications = notifications
        self._clock = clock

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[Notification]:
        """One page of it."""
        return await self._notifications.page(by.id, condition, request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How much of it matches."""
        return await self._notifications.count(by.id, condition)

    async def mark_read(self, identifiers: Sequence[str] | None, *, by: Actor) -> tuple[int, int]:
        """These are read now, or all for None; how many were not, and how many are still unread."""
        marked = await self._notifications.mark_read(by.id, identifiers, self._clock())
        return marked, await self._notifications.count(by.id, UNREAD)
