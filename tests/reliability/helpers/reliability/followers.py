"""Mobile clients that follow a list while everything is killed."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import aiohttp
from gql.transport.exceptions import TransportError
from mobile import Interrupted, Mobile
from staff import sign_in
from waiting import eventually

from rapport_local.testing import Account
from reliability.checker import LOST, Violation

_TROUBLES: Final = (aiohttp.ClientError, TransportError, OSError, TimeoutError, ValueError, Interrupted)
_ASLEEP_SECONDS = 3.0
_TOKEN_SECONDS = 300.0
_CATCH_UP_SECONDS = 60


@dataclass
class Follower:
    """A mobile client that comes back, after a short sleep, whenever its connection is lost.

    ``forgets``: comes back without its cursor, as a design that only tells what happens now; it must be found out.
    """

    mobile: Mobile
    account: Account
    random: random.Random
    forgets: bool = False
    losses: int = 0
    _signed_in_at: float = float("-inf")

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            with suppress(*_TROUBLES):
                await self._listen()
            self.losses += 1
            await asyncio.sleep(self.random.uniform(0, _ASLEEP_SECONDS))

    async def _listen(self) -> None:
        try:
            await self._sign_in_again()
            await self.mobile.listen(None)
        finally:
            if self.forgets:
                self.mobile.cursor = None

    async def missed(self) -> list[Violation]:
        """What its copy does not have as a query finds it, once the system is at rest and the copy has caught up."""
        with suppress(AssertionError):
            await eventually(self._has_all, seconds=1 if self.forgets else _CATCH_UP_SECONDS)
        return [Violation(LOST, f"change of {which} for a follower") for which in await self._differing()]

    async def _has_all(self) -> bool:
        return not await self._differing()

    async def _differing(self) -> list[str]:
        await self._sign_in_again()
        found, copy = await self.mobile.fetch(), self.mobile.copy
        return [which for which in found.keys() | copy.keys() if found.get(which) != copy.get(which)]

    async def _sign_in_again(self) -> None:
        if time.monotonic() - self._signed_in_at > _TOKEN_SECONDS:
            self.mobile.by = await sign_in(self.mobile.by.gateway, self.account)
            self._signed_in_at = time.monotonic()


@asynccontextmanager
async def following(followers: Iterable[Follower]) -> AsyncIterator[None]:
    """Each follows as long as the block runs, and is away afterwards."""
    tasks = [asyncio.create_task(follower.run()) for follower in followers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)


async def with_lists(gateway: str, account: Account, seed: int) -> list[Follower]:
    """One over a socket, one over an event stream, and one that forgets; each has the list as it is now."""
    staff = await sign_in(gateway, account)
    followers = [
        Follower(Mobile(staff, transport), account, random.Random(seed + number), forgets=number == 2)
        for number, transport in enumerate(("socket", "stream", "socket"))
    ]
    for follower in followers:
        await follower.mobile.begin()
    return followers
