"""Events of the tasks service."""

from dataclasses import dataclass
from datetime import datetime

from rapport_shared.contracts.customers import CustomersOwner
from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class TaskState:
    """The business values of a task; its texts are fetched by id."""

    status: str
    priority: str
    created_by_id: str
    assignee_id: str | None
    customer_id: str | None
    customer_owner_id: str | None
    due_at: datetime | None
    origin: str


@event("tasks.task.created", version=1, subject="task_id")
class TaskCreated(Event):
    """A task exists."""

    task_id: str
    after: TaskState


@event("tasks.task.updated", version=1, subject="task_id")
class TaskUpdated(Event):
    """A task changed, its assignee and status included; ``changed`` names the fields."""

    task_id: str
    changed: tuple[str, ...]
    before: TaskState
    after: TaskState


@event("tasks.task.completed", version=1, subject="task_id")
class TaskCompleted(Event):
    """The work of a task is done."""

    task_id: str
    before: TaskState
    after: TaskState


@event("tasks.task.reopened", version=1, subject="task_id")
class TaskReopened(Event):
    """A completed or cancelled task is open again."""

    task_id: str
    before: TaskState
    after: TaskState


@event("tasks.task.cancelled", version=1, subject="task_id")
class TaskCancelled(Event):
    """A task will not be done."""

    task_id: str
    before: TaskState
    after: TaskState


@event("tasks.customer.handed_over", version=1, subject="customer_id")
class TasksHandedOver(Event):
    """The tasks about a customer are its new owner's to see as well; their versions stay.

    ``merged_customer_id``: whom they were made for, where a merge of that customer, or its undoing, is the reason.
    """

    customer_id: str
    before: CustomersOwner
    after: CustomersOwner
    merged_customer_id: str | None = None
