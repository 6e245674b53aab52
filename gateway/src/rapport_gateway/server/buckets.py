"""How much each of many may do in a time: token buckets, and counts of what runs."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

_MAX_BUCKETS = 100_000


class Buckets:
    """`rate` a second for each key on average, `burst` at once. A key that is not seen for long has a full bucket, so
    that those unused for the longest time can be forgotten when there are too many."""

    def __init__(self, rate: float, burst: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> float:
        """Take one; 0 when there was one, else the seconds until there is, and nothing is taken."""
        now = self._clock()
        level, since = self._levels.get(key, (self._burst, now))
        level = min(self._burst, level + (now - since) * self._rate)
        if level < 1:
            return (1 - level) / self._rate
        self._levels[key] = (level - 1, now)
        self._levels.move_to_end(key)
        if len(self._levels) > _MAX_BUCKETS:
            self._levels.popitem(last=False)
        return 0.0

    def __len__(self) -> int:
        return len(self._levels)


class Full(Exception):
    """There are as many as may be."""


class Places:
    """No more than `limit` at a time for each key."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._taken: dict[Hashable, int] = {}

    @contextmanager
    def taken(self, key: Hashable) -> Iterator[None]:
        """Hold a place for the length of a block. Raises Full."""
        number = self._taken.get(key, 0)
        if number >= self._limit:
            raise Full
        self._taken[key] = number + 1
        try:
            yield
        finally:
            left = self._taken[key] - 1
            if left:
                self._taken[key] = left
            else:
                del self._taken[key]

    def __len__(self) -> int:
        return len(self._taken)
