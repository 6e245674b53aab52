"""The inputs of tasks: what they mean as attribute names, database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every
from rapport_tasks.tasks.model import TaskOrigin, TaskPriority, TaskStatus
from rapport_tasks.tasks.service import search_condition

Priority = strawberry.enum(TaskPriority, name="TaskPriority", description="How pressing a task is.")
Status = strawberry.enum(TaskStatus, name="TaskStatus", description="How far a task is.")
Origin = strawberry.enum(TaskOrigin, name="TaskOrigin", description="What a task came from: a person or a follow-up.")


@strawberry.input(description="A new task.")
class CreateTaskInput:
    """Fields of createTask."""

    title: str = strawberry.field(description="What is to be done, 1 to 200 characters.")
    description: str | None = optional("More about it, at most 5,000 characters; line breaks are kept.")
    assignee_id: strawberry.ID | None = optional("Who is to do it: you, where not given; null for nobody yet.")
    due_at: DateTime | None = optional("By when.")
    priority: TaskPriority | None = optional("NORMAL where not given.")
    customer_id: strawberry.ID | None = optional("The customer that it is about.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Who is to do a task.")
class AssignTaskInput:
    """Fields of assignTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    assignee_id: strawberry.ID = strawberry.field(description="An active user.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Changes to a task: what is left out stays, null clears.")
class UpdateTaskInput:
    """Fields of updateTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    title: str | None = optional("What is to be done, 1 to 200 characters.")
    description: str | None = optional("More about it, at most 5,000 characters; line breaks are kept.")
    due_at: DateTime | None = optional("By when.")
    priority: TaskPriority | None = optional("How pressing it is.")
    customer_id: strawberry.ID | None = optional("The customer that it is about.")
    status: TaskStatus | None = optional("OPEN or IN_PROGRESS; completing, reopening and cancelling are their own.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A task whose work is done.")
class CompleteTaskInput:
    """Fields of completeTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    result: str | None = optional("What came of it, at most 5,000 characters; an earlier result stays without one.")
    expected_version: int | None = optional(EXPECTED_VERSION)


@strawberry.input(description="A finished task to open again.")
class ReopenTaskInput:
    """Fields of reopenTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A task that will not be done.")
class CancelTaskInput:
    """Fields of cancelTask."""

    id: strawberry.ID = strawberry.field(description="The task.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which tasks; all given conditions hold.")
class TaskFilter:
    """Conditions on tasks."""

    and_: list["TaskFilter"] | None = optional("All of these.", "and")
    or_: list["TaskFilter"] | None = optional("One of these.", "or")
    not_: "TaskFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The task's id.")
    title: StringFilter | None = optional("What is to be done.")
    assignee_id: IdFilter | None = optional("Who is to do it.")
    customer_id: IdFilter | None = optional("The customer that it is about.")
    status: Filter[TaskStatus] | None = optional("How far it is.")
    priority: Filter[TaskPriority] | None = optional("How pressing it is.")
    due_at: DateTimeFilter | None = optional("By when.")
    origin: Filter[TaskOrigin] | None = optional("What it came from.")
    created_at: DateTimeFilter | None = optional("When the record was made.")
    updated_at: DateTimeFilter | None = optional("When the record last changed.")


@strawberry.input(description="Which live changes: of tasks for which all given conditions hold.")
class TaskChangeFilter:
    """Conditions on the business values that events carry."""

    id: IdFilter | None = optional("The task's id; eq, in and isNull.")
    assignee_id: IdFilter | None = optional("Who is to do it.")
    customer_id: IdFilter | None = optional("The customer that it is about.")
    status: Filter[TaskStatus] | None = optional("How far it is.")


@strawberry.enum(description="What tasks can be sorted by.")
class TaskOrderField(Enum):
    """Values are document fields."""

    DUE_AT = strawberry.enum_value("due_at", description="By when; tasks without a time come first when ascending.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")
    PRIORITY = strawberry.enum_value("priority_rank", description="How pressing it is, from LOW to URGENT.")
    UPDATED_AT = strawberry.enum_value("updated_at", description="When the record last changed.")


@strawberry.input(description="One key to sort tasks by.")
class TaskOrder:
    """A sort key."""

    field: TaskOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "title": "title",
    "assignee_id": "assignee_id",
    "customer_id": "customer_id",
    "status": "status",
    "priority": "priority",
    "due_at": "due_at",
    "origin": "origin",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
NEWEST_FIRST: Final = (Order("created_at", descending=True),)
Change = AssignTaskInput | UpdateTaskInput | CompleteTaskInput | ReopenTaskInput | CancelTaskInput


def condition(given: TaskFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments."""
    return every(condition_of(given, FIELDS), search_condition(search) if search else {})


LISTING: Final = Listing("tasks", TaskFilter, TaskOrder, condition, NEWEST_FIRST, "the newest first")
