"""A task: guards its state and records what happens to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_shared.actor import SYSTEM
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.interactions import InteractionState
from rapport_shared.contracts.tasks import (
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskReopened,
    TaskState,
    TaskUpdated,
)
from rapport_tasks.tasks import values
from rapport_tasks.tasks.errors import IllegalStatusChange, MissingValue


class TaskPriority(StrEnum):
    """How pressing a task is, from the least."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"
    URGENT = "URGENT"

    @property
    def rank(self) -> int:
        """Sorts priorities: 0 for the least pressing."""
        return list(TaskPriority).index(self)


class TaskStatus(StrEnum):
    """How far a task is."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    DONE = "DONE"
    CANCELLED = "CANCELLED"


class TaskOrigin(StrEnum):
    """What a task came from."""

    MANUAL = "MANUAL"
    FOLLOW_UP = "FOLLOW_UP"


UNFINISHED: Final = frozenset({TaskStatus.OPEN, TaskStatus.IN_PROGRESS})
FINISHED: Final = frozenset({TaskStatus.DONE, TaskStatus.CANCELLED})
_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "title": values.valid_title,
    "description": lambda value: values.valid_text(value, "description"),
    "assignee_id": str,
    "due_at": lambda value: value,
    "priority": TaskPriority,
    "customer_id": str,
    "customer_owner_id": str,
    "status": TaskStatus,
}
_REQUIRED: Final = frozenset({"title", "priority", "status"})


@dataclass(kw_only=True)
class Task(Aggregate):
    """Something to do; times are UTC. ``customer_owner_id`` copies the customer's owner, for rights."""

    title: str
    description: str | None = None
    assignee_id: str | None = None
    due_at: datetime | None = None
    priority: TaskPriority = TaskPriority.NORMAL
    customer_id: str | None = None
    customer_owner_id: str | None = None
    status: TaskStatus = TaskStatus.OPEN
    result: str | None = None
    origin: TaskOrigin = TaskOrigin.MANUAL
    created_by_id: str
    interaction_id: str | None = None
    completed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, identifier: str, details: Mapping[str, Any], *, created_by_id: str, now: datetime) -> "Task":
        """A new task of the given details (attribute names to values); raises the fault of a bad value."""
        task = cls(id=identifier, created_by_id=created_by_id, created_at=now, updated_at=now, **_checked(details))
        task.record(TaskCreated(task_id=identifier, after=task.state()))
        return task

    @classmethod
    def follow_up(
        cls, identifier: str, interaction_id: str, asked: InteractionState, *, owner_id: str | None, now: datetime
    ) -> "Task":
        """The task that a communication asks for; its author's where nobody looks after the customer."""
        task = cls(
            id=identifier,
            title=f"Follow up · 跟进 ({asked.channel})",
            assignee_id=owner_id or asked.author_id,
            due_at=asked.next_follow_up_at,
            customer_id=asked.customer_id,
            customer_owner_id=owner_id,
            origin=TaskOrigin.FOLLOW_UP,
            created_by_id=SYSTEM.id,
            interaction_id=interaction_id,
            created_at=now,
            updated_at=now,
        )
        task.record(TaskCreated(task_id=identifier, after=task.state()))
        return task

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs.

        Raises IllegalStatusChange unless the status stays or goes between OPEN and IN_PROGRESS.
        """
        checked = _checked(changes)
        status = checked.get("status", self.status)
        if status is not self.status and not {status, self.status} <= UNFINISHED:
            raise self._illegal(status)
        owner_id = checked.pop("customer_owner_id", None)  # a copy that comes with its customer: no field of its own
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        if "customer_id" in changed:
            self.customer_owner_id = owner_id
        self.updated_at = now
        self.record(TaskUpdated(task_id=self.id, changed=changed, before=before, after=self.state()))

    def complete(self, result: str | None, *, now: datetime) -> None:
        """The work is done; an earlier result stays where none is given."""
        if self.status not in UNFINISHED:
            raise self._illegal(TaskStatus.DONE)
        text = None if result is None else values.valid_text(result, "result")
        before = self.state()
        self.status, self.result = TaskStatus.DONE, text or self.result
        self.completed_at = self.updated_at = now
        self.record(TaskCompleted(task_id=self.id, before=before, after=self.state()))

    def reopen(self, *, due_at: datetime | None = None, now: datetime) -> None:
        """There is work to do again, by ``due_at`` where given; the earlier result stays."""
        if self.status not in FINISHED:
            raise self._illegal(TaskStatus.OPEN)
        before = self.state()
        self.status, self.completed_at, self.due_at = TaskStatus.OPEN, None, due_at or self.due_at
        self.updated_at = now
        self.record(TaskReopened(task_id=self.id, before=before, after=self.state()))

    def cancel(self, *, now: datetime) -> None:
        """The work will not be done."""
        if self.status not in UNFINISHED:
            raise self._illegal(TaskStatus.CANCELLED)
        before = self.state()
        self.status, self.updated_at = TaskStatus.CANCELLED, now
        self.record(TaskCancelled(task_id=self.id, before=before, after=self.state()))

    def follow(self, due_at: datetime | None, *, now: datetime) -> None:
        """The communication behind a follow-up asks for another time, or (None) for no follow-up any more.

        What is finished is not cancelled; a new time asks for new work, so it opens what is finished.
        """
        if self.status in UNFINISHED:
            if due_at is None:
                self.cancel(now=now)
            else:
                self.update({"due_at": due_at}, now=now)
        elif due_at is not None:
            self.reopen(due_at=due_at, now=now)

    def state(self) -> TaskState:
        """What others may know."""
        return TaskState(
            status=self.status.value,
            priority=self.priority.value,
            created_by_id=self.created_by_id,
            assignee_id=self.assignee_id,
            customer_id=self.customer_id,
            customer_owner_id=self.customer_owner_id,
            due_at=self.due_at,
            origin=self.origin.value,
        )

    def _illegal(self, wanted: TaskStatus) -> IllegalStatusChange:
        message = f"A task that is {self.status.value} cannot become {wanted.value} in this way."
        return IllegalStatusChange(message, path=("input", "status"))


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _checked_value(name, value) for name, value in details.items()}


def _checked_value(name: str, value: Any) -> Any:
    if value is not None:
        return _RULES[name](value)
    if name in _REQUIRED:
        raise MissingValue(f"The {name} of a task cannot be cleared.", path=("input", name))
    return None
