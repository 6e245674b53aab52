"""A replay: what the log has of a period is sent to a queue again, in the log's order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rapport_automation.replays.errors import InvalidPeriod, InvalidQueue
from rapport_automation.webhooks.values import valid_patterns
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.automation import ReplayEnded, ReplayStarted, ReplayState

OWN_QUEUES: Final = "rapport."
MAX_QUEUE: Final = 255


class ReplayStatus(StrEnum):
    """How far a replay is."""

    RUNNING = "RUNNING"
    DONE = "DONE"
    FAILED = "FAILED"


@dataclass(kw_only=True)
class Replay(Aggregate):
    """Events from ``since`` to before ``until``, by their times; those sent so far are before ``offset`` of the log.

    ``failure`` is a stable code.
    """

    queue: str
    events: tuple[str, ...]
    since: datetime
    until: datetime
    status: ReplayStatus = ReplayStatus.RUNNING
    sent: int = 0
    offset: int | None = None
    failure: str | None = None
    started_by_id: str
    created_at: datetime
    updated_at: datetime

    @classmethod
    def start(
        cls,
        identifier: str,
        *,
        queue: str,
        events: Sequence[str],
        since: datetime,
        until: datetime | None,
        by: str,
        now: datetime,
    ) -> "Replay":
        """A new replay, of what happened until now at most. Raises InvalidPeriod, InvalidQueue, InvalidPatterns."""
        end = now if until is None else min(until, now)
        if since >= end:
            raise InvalidPeriod("The period begins after it ends.", path=("input", "since"))
        if not 1 <= len(queue) <= MAX_QUEUE or not queue.isprintable() or queue.startswith(OWN_QUEUES):
            raise InvalidQueue("Give a queue of your own.", path=("input", "queue"))
        replay = cls(
            id=identifier,
            queue=queue,
            events=valid_patterns(events),
            since=since,
            until=end,
            started_by_id=by,
            created_at=now,
            updated_at=now,
        )
        replay.record(ReplayStarted(replay_id=identifier, after=replay.state()))
        return replay

    def end(self, failure: str | None, *, now: datetime) -> None:
        """Done, or failed with a code; nothing happens where it has ended before."""
        if self.status is not ReplayStatus.RUNNING:
            return
        before = self.state()
        self.status = ReplayStatus.DONE if failure is None else ReplayStatus.FAILED
        self.failure, self.updated_at = failure, now
        self.record(ReplayEnded(replay_id=self.id, before=before, after=self.state()))

    def state(self) -> ReplayState:
        """What others may know."""
        return ReplayState(queue=self.queue, events=self.events, status=self.status.value)
