"""The directory: what a process holds in memory of those who act.

It is woken when its service has heard of a change; where a wake is lost, what it holds is some seconds old at most.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import structlog

from rapport_shared.access.known import Known
from rapport_shared.access.records import AccessRecords
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.logs import failure_facts
from rapport_shared.mongo import Database, DatabaseError
from rapport_shared.rights import Policy

REFRESH_SECONDS: Final = 3.0
"""The longest that a change stays unknown of which nobody has told the directory."""
_NOTHING_SEEN: Final = -1

log = structlog.get_logger(__name__)


class Directory:
    """Without a database it knows nobody: everyone is who their token says, with a default role."""

    def __init__(self, database: Database | None = None, clock: Clock = system_clock) -> None:
        self._records = None if database is None else AccessRecords(database)
        self._clock = clock
        self._known = Known()
        self._seen = _NOTHING_SEEN
        self._refreshing = asyncio.Lock()
        self._listeners: list[Callable[[], None]] = []
        self.woken = asyncio.Event()
        """Set by whoever knows that something has changed."""

    @property
    def policy(self) -> Policy:
        """The policy over what this directory knows, at each time it is asked."""
        return DEFAULT_POLICY.knowing(lambda: self._known.snapshot)

    def actor(self, caller: Actor) -> Actor:
        """Who the caller of a valid access token is now. Raises Unauthenticated where they may not act any more."""
        return self._known.actor(caller, now=self._clock())

    def on_change(self, listener: Callable[[], None]) -> None:
        """Have ``listener`` called after each change."""
        self._listeners.append(listener)

    async def loaded(self) -> None:
        """Wait until what the database knows is known here. Raises DatabaseError."""
        if self._seen == _NOTHING_SEEN:
            await self.refresh()

    async def refresh(self) -> None:
        """Take over what has changed since the last time: one query. Raises DatabaseError."""
        if self._records is None:
            return
        async with self._refreshing:
            changed = await self._records.since(self._seen)
            self._seen = max((row["seq"] for row in changed), default=max(self._seen, 0))
            if changed:
                self._known = self._known.with_rows(changed, now=self._clock())
                for listener in self._listeners:
                    listener()

    async def run(self) -> None:
        """Refresh for as long as the process lives; what is known stays while the database does not answer."""
        while True:
            self.woken.clear()
            try:
                await self.refresh()
            except DatabaseError as failure:
                log.warning("access records not read", **failure_facts(failure))
            with suppress(TimeoutError):
                async with asyncio.timeout(REFRESH_SECONDS):
                    await self.woken.wait()
