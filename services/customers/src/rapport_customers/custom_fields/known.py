"""The custom fields as a process knows them: read at first use, and again whenever they may have changed."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from rapport_customers.custom_fields.definitions import Definitions
from rapport_shared.logs import failure_facts
from rapport_shared.mongo import DatabaseError

REFRESH_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class KnownFields:
    """The definitions of one type, never older than a second or so where ``run`` runs."""

    def __init__(self, read: Callable[[], Awaitable[Definitions]]) -> None:
        self._read = read
        self._known: Definitions | None = None
        self._reading = asyncio.Lock()

    async def current(self) -> Definitions:
        """What is known. Raises DatabaseError at first use."""
        if self._known is None:
            async with self._reading:
                if self._known is None:
                    await self.refresh()
        return self._known or Definitions()

    async def refresh(self) -> None:
        """Read them: one query. Raises DatabaseError."""
        self._known = await self._read()

    async def run(self) -> None:
        """Refresh for as long as the process lives; what is known stays while the database does not answer."""
        while True:
            try:
                await self.refresh()
            except DatabaseError as failure:
                log.warning("custom fields not read", **failure_facts(failure))
            await asyncio.sleep(REFRESH_SECONDS)
