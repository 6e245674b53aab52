"""The replayer: does the replays that were started, one after another, and goes on where one was cut short."""

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Final

from rapport_automation.replays.model import Replay
from rapport_automation.replays.repository import ReplayRepository
from rapport_automation.replays.service import ReplayService
from rapport_automation.webhooks.values import matches
from rapport_shared.clock import Clock
from rapport_shared.delivery import Lease
from rapport_shared.messaging import QueueMissing, Unavailable, replay_log
from rapport_shared.mongo import DatabaseError

if TYPE_CHECKING:
    from aio_pika.abc import AbstractConnection

POLL_SECONDS: Final = 1.0
QUEUE_NOT_FOUND: Final = "QUEUE_NOT_FOUND"


class Replayer:
    """Works while it has the lease."""

    def __init__(self, replays: ReplayRepository, service: ReplayService, lease: Lease, clock: Clock) -> None:
        self._replays = replays
        self._service = service
        self._lease = lease
        self._clock = clock

    async def run(self, connection: "AbstractConnection") -> None:
        """Work until the connection is lost; raises Unavailable where the database does not answer."""
        while True:
            try:
                replay = await self._replays.running() if await self._lease.hold() else None
                if replay is not None:
                    await self.do(replay, connection)
            except DatabaseError as failure:
                raise Unavailable(f"replays: {type(failure).__name__}") from failure
            if replay is None:
                await asyncio.sleep(POLL_SECONDS)

    async def do(self, replay: Replay, connection: "AbstractConnection") -> None:
        """Do one replay, or the rest of it; stops where the lease is lost."""
        async with await connection.channel(publisher_confirms=True, on_return_raises=True) as channel:
            steps = replay_log(
                channel,
                replay.queue,
                wanted=partial(matches, replay.events),
                since=replay.since,
                until=replay.until,
                offset=replay.offset,
            )
            try:
                async for step in steps:
                    done = replay.sent + step.sent
                    await self._replays.progress(replay.id, sent=done, offset=step.offset, now=self._clock())
                    if not await self._lease.hold():
                        return
            except QueueMissing:
                await self._service.end(replay.id, QUEUE_NOT_FOUND)
            else:
                await self._service.end(replay.id, None)
