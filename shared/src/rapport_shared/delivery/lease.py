"""A lease, so that one of several relays works at a time."""

import time
from datetime import timedelta

from rapport_shared.clock import Clock
from rapport_shared.ids import new_id
from rapport_shared.mongo.client import Database, DuplicateKey

COLLECTION = "leases"
DURATION = timedelta(seconds=15)


class Lease:
    """Held by renewing it in time; free again when its holder has been silent for 15 s.

    Correctness never rests on it: two holders at once publish an event twice, which consumers absorb.
    """

    def __init__(self, database: Database, name: str, clock: Clock) -> None:
        self._leases = database[COLLECTION]
        self._name = name
        self._clock = clock
        self._holder = new_id("lease")
        self._held_until = 0.0

    async def hold(self) -> bool:
        """Whether this holder has the lease, taking or renewing it where needed."""
        if time.monotonic() < self._held_until - DURATION.total_seconds() / 2:
            return True
        asked_at = time.monotonic()
        now = self._clock()
        free = {"_id": self._name, "$or": [{"holder": self._holder}, {"until": {"$lt": now}}]}
        change = {"$set": {"holder": self._holder, "until": now + DURATION}}
        try:
            await self._leases.update_one(free, change, upsert=True)
        except DuplicateKey:  # somebody else's: the upsert found no free lease and could not make a second one
            return False
        self._held_until = asked_at + DURATION.total_seconds()
        return True

    async def release(self) -> None:
        """Let the next relay start at once."""
        self._held_until = 0.0
        await self._leases.delete_one({"_id": self._name, "holder": self._holder})
