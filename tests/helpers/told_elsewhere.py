"""Random histories of communications and tasks of some customers, as their services would tell of them."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from rapport_shared.contracts.interactions import (
    InteractionDeleted,
    InteractionRecorded,
    InteractionState,
    InteractionUpdated,
)
from rapport_shared.contracts.tasks import (
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskReopened,
    TaskState,
    TaskUpdated,
)
from rapport_shared.events import Event


@dataclass(frozen=True)
class Told:
    """An event, which version it makes of its record, and when it was."""

    event: Event
    version: int
    at: datetime


@dataclass
class ToldElsewhere:
    """``told`` are the events in the order in which they happened, at times that are nobody's clock."""

    chance: random.Random
    customers: Sequence[str]
    at: datetime
    told: list[Told] = field(default_factory=list)
    _spoken: dict[str, tuple[int, InteractionState]] = field(default_factory=dict)
    _tasks: dict[str, tuple[int, TaskState]] = field(default_factory=dict)

    def happen(self, count: int) -> None:
        """So many more changes."""
        for _ in range(count):
            self.at += timedelta(seconds=self.chance.randint(1, 90_000), milliseconds=self.chance.randint(0, 999))
            self.chance.choice((self._speak, self._speak_anew, self._ask, self._work))()

    def arrivals(self) -> list[Told]:
        """In another order, some of them twice; the versions of each record in theirs, but for repetitions."""
        waiting: dict[str, list[Told]] = {}
        for each in self.told:
            waiting.setdefault(each.event.subject, []).append(each)
        arrived: list[Told] = []
        while waiting:
            subject = self.chance.choice(sorted(waiting))
            arrived.append(waiting[subject].pop(0))
            if not waiting[subject]:
                del waiting[subject]
            if self.chance.random() < 0.3:
                arrived.append(self.chance.choice(arrived))
        return arrived

    def late_arrivals(self) -> list[Told]:
        """As ``arrivals``, but some come after later versions of their record."""
        arrived = self.arrivals()
        for _ in range(len(arrived) // 4):
            late = arrived.pop(self.chance.randrange(len(arrived)))
            arrived.insert(self.chance.randint(0, len(arrived)), late)
        return arrived

    def _speak(self) -> None:
        """Somebody is spoken with; some at the very same time."""
        identifier = f"int_{len(self._spoken)}"
        state = InteractionState(
            customer_id=self.chance.choice(self.customers),
            customer_owner_id=None,
            author_id="usr_a",
            channel="PHONE",
            occurred_at=self.at.replace(minute=0, second=0, microsecond=0) - timedelta(days=self.chance.randint(0, 2)),
            intent=self.chance.choice((None, "HIGH", "MEDIUM", "LOW")),
        )
        self._spoken[identifier] = (1, state)
        self._tell(InteractionRecorded(interaction_id=identifier, after=state), 1)

    def _speak_anew(self) -> None:
        """A record is mended, or taken off the record for good."""
        lasting = [each for each, (_, state) in self._spoken.items() if not state.deleted]
        if not lasting:
            return self._speak()
        identifier = self.chance.choice(lasting)
        version, before = self._spoken[identifier]
        if self.chance.random() < 0.4:
            after = replace(before, deleted=True)
            self._tell(InteractionDeleted(interaction_id=identifier, before=before, after=after), version + 1)
        else:
            after = replace(before, intent=self.chance.choice((None, "HIGH", "LOW")))
            mended = InteractionUpdated(interaction_id=identifier, changed=("intent",), before=before, after=after)
            self._tell(mended, version + 1)
        self._spoken[identifier] = (version + 1, after)
        return None

    def _ask(self) -> None:
        """There is something to do, about a customer or not."""
        identifier = f"tsk_{len(self._tasks)}"
        state = TaskState(
            status="OPEN",
            priority="NORMAL",
            created_by_id="usr_a",
            assignee_id=None,
            customer_id=self.chance.choice((None, *self.customers)),
            customer_owner_id=None,
            due_at=self._due(),
            origin="MANUAL",
        )
        self._tasks[identifier] = (1, state)
        self._tell(TaskCreated(task_id=identifier, after=state), 1)

    def _work(self) -> None:
        """A task is done, given up, taken up again, put off, or about another customer."""
        if not self._tasks:
            return self._ask()
        identifier = self.chance.choice(sorted(self._tasks))
        version, before = self._tasks[identifier]
        about: dict[str, Any] = {"task_id": identifier, "before": before}
        if before.status != "OPEN":
            after = replace(before, status="OPEN")
            event: Event = TaskReopened(**about, after=after)
        elif self.chance.random() < 0.5:
            after = replace(before, status=self.chance.choice(("DONE", "CANCELLED")))
            event = (TaskCompleted if after.status == "DONE" else TaskCancelled)(**about, after=after)
        else:
            after = replace(before, customer_id=self.chance.choice((None, *self.customers)), due_at=self._due())
            event = TaskUpdated(**about, changed=("customer_id", "due_at"), after=after)
        self._tasks[identifier] = (version + 1, after)
        self._tell(event, version + 1)
        return None

    def _due(self) -> datetime | None:
        return self.chance.choice((None, self.at + timedelta(days=self.chance.randint(1, 9))))

    def _tell(self, event: Event, version: int) -> None:
        self.told.append(Told(event, version, self.at))
