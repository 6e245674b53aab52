"""A delivery: one event for one webhook, tried until it is heard or it is too late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

BACK_OFF: Final = tuple(
    timedelta(seconds=seconds)
    for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 7200, 10_800, 10_800, 14_400, 14_400, 15_600)
)
"""The pauses between tries: 24 hours in all."""

KEPT: Final = timedelta(days=30)
PAUSE_AFTER_REFUSALS: Final = 20
_MAX_RETRY_AFTER: Final = timedelta(hours=1)
_HEALING: Final = frozenset({408, 425, 429})
_GONE: Final = 410


class DeliveryStatus(StrEnum):
    """How far a delivery is."""

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event for one webhook.

    ``order`` is the event's id: ids of one subject's events ascend. ``lane`` is the webhook and the subject: a lane's
    deliveries go out one after another. ``body`` is the CloudEvent as JSON.
    """

    id: str
    webhook_id: str
    lane: str
    order: str
    event_type: str
    body: bytes
    status: DeliveryStatus
    attempts: int
    next_at: datetime
    created_at: datetime
    finished_at: datetime | None = None
    last_status: int | None = None
    last_error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one try: an HTTP status, or a stable code of why there was none.

    ``retry_after`` is what the server asked for.
    """

    status: int | None = None
    error: str | None = None
    retry_after: timedelta | None = None

    @property
    def heard(self) -> bool:
        """Whether the server took it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def can_heal(self) -> bool:
        """Whether another try may have another outcome."""
        return self.status is None or self.status in _HEALING or self.status >= 500

    @property
    def gone(self) -> bool:
        """Whether the server wants to hear nothing any more."""
        return self.status == _GONE


def next_try(attempts: int, outcome: Outcome, now: datetime) -> datetime | None:
    """When to try again after so many attempts; None for never."""
    if not outcome.can_heal or attempts > len(BACK_OFF):
        return None
    asked = min(outcome.retry_after or timedelta(0), _MAX_RETRY_AFTER)
    return now + max(BACK_OFF[attempts - 1], asked)
