"""Tasks in GraphQL: translate, call, translate."""

import strawberry

from rapport_shared.contracts.tasks import (
    TaskCancelled,
    TaskCompleted,
    TaskCreated,
    TaskReopened,
    TaskUpdated,
)
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_tasks.context import Info
from rapport_tasks.tasks.inputs import (
    LISTING,
    AssignTaskInput,
    CancelTaskInput,
    CompleteTaskInput,
    CreateTaskInput,
    ReopenTaskInput,
    UpdateTaskInput,
)
from rapport_tasks.tasks.types import Task, TaskPayload

EVENTS = (TaskCreated, TaskUpdated, TaskCompleted, TaskReopened, TaskCancelled)


@strawberry.type
class TaskQuery:
    """Reading tasks."""

    @strawberry.field(description="One task; null where there is none, or none that you may see.")
    async def task(self, info: Info, id: strawberry.ID) -> Task | None:
        """By id."""
        found = await info.context.tasks.find(id, by=info.context.actor)
        return None if found is None else Task.from_model(found)

    @list_field("The tasks that you may see.", LISTING)
    async def tasks(self, info: Info, query: ListQuery) -> Connection[Task]:
        """A page."""
        service, by = info.context.tasks, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Task.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class TaskMutation:
    """Changing tasks."""

    @mutation("Make a new task.")
    async def create_task(self, info: Info, input: CreateTaskInput) -> TaskPayload:
        """Create."""
        key = given(input.idempotency_key)
        made = await info.context.tasks.create(details(input), idempotency_key=key, by=info.context.actor)
        return TaskPayload.of(made)

    @mutation("Say who is to do a task.")
    async def assign_task(self, info: Info, input: AssignTaskInput) -> TaskPayload:
        """Assign."""
        expected = given(input.expected_version)
        changes = {"assignee_id": input.assignee_id}
        return TaskPayload.of(
            await info.context.tasks.update(input.id, changes, expected_version=expected, by=info.context.actor)
        )

    @mutation("Change a task, or say that work on it has begun or rests.")
    async def update_task(self, info: Info, input: UpdateTaskInput) -> TaskPayload:
        """Update."""
        expected, changes = given(input.expected_version), details(input)
        return TaskPayload.of(
            await info.context.tasks.update(input.id, changes, expected_version=expected, by=info.context.actor)
        )

    @mutation("Say that the work of a task is done.")
    async def complete_task(self, info: Info, input: CompleteTaskInput) -> TaskPayload:
        """Complete."""
        expected, result = given(input.expected_version), input.result or None
        return TaskPayload.of(
            await info.context.tasks.complete(input.id, result=result, expected_version=expected, by=info.context.actor)
        )

    @mutation("Open a completed or cancelled task again; its result stays.")
    async def reopen_task(self, info: Info, input: ReopenTaskInput) -> TaskPayload:
        """Reopen."""
        expected = given(input.expected_version)
        return TaskPayload.of(
            await info.context.tasks.reopen(input.id, expected_version=expected, by=info.context.actor)
        )

    @mutation("Say that a task will not be done.")
    async def cancel_task(self, info: Info, input: CancelTaskInput) -> TaskPayload:
        """Cancel."""
        expected = given(input.expected_version)
        return TaskPayload.of(
            await info.context.tasks.cancel(input.id, expected_version=expected, by=info.context.actor)
        )
