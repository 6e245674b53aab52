"""Chores: work that waits in the database, done in small steps by one of a service's workers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from rapport_shared.delivery.lease import Lease
from rapport_shared.logs import failure_facts
from rapport_shared.mongo import DatabaseError

POLL_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


class Chores:
    """Each step does some work in transactions of its own and says whether there may be more at once.

    A step may be cut short anywhere, and done by two workers at once: what it does must allow for that.
    """

    def __init__(self, lease: Lease, steps: Sequence[Callable[[], Awaitable[bool]]]) -> None:
        self._lease = lease
        self._steps = steps

    async def run(self) -> None:
        """Work for as long as the process lives, while it has the lease."""
        while True:
            busy = False
            try:
                if await self._lease.hold():
                    busy = any([await step() for step in self._steps])
            except DatabaseError as failure:
                log.warning("chores interrupted", **failure_facts(failure))
            if not busy:
                await asyncio.sleep(POLL_SECONDS)
