"""Time, injected so that tests can set it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the current time: UTC, whole milliseconds (what MongoDB stores)."""


def to_milliseconds(value: datetime) -> datetime:
    """The same instant in UTC, cut to whole milliseconds."""
    utc = value.astimezone(UTC)
    return utc.replace(microsecond=utc.microsecond // 1000 * 1000)


def system_clock() -> datetime:
    """The machine's clock."""
    return to_milliseconds(datetime.now(UTC))


class ManualClock:
    """A clock that stands still until a test moves it."""

    def __init__(self, start: datetime) -> None:
        self._now = to_milliseconds(start)

    def __call__(self) -> datetime:
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self._now += by
