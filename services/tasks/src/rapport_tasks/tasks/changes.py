"""Following tasks: live, and for clients that were away."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from rapport_shared.contracts.tasks import TasksHandedOver
from rapport_shared.graphql.changes import (
    After,
    Change,
    Changes,
    ChangesOf,
    First,
    Hanging,
    Since,
    changes_since,
    handed_over,
    live_list,
)
from rapport_tasks.context import Context, Info
from rapport_tasks.tasks import model
from rapport_tasks.tasks.inputs import TaskChangeFilter
from rapport_tasks.tasks.schema import EVENTS
from rapport_tasks.tasks.types import Task

_Which = Annotated[TaskChangeFilter | None, strawberry.argument(description="Which tasks.")]


def _changes(context: Context) -> ChangesOf[model.Task, Task]:
    return ChangesOf(
        EVENTS,
        "Task",
        context.tasks.find_many,
        Task.from_model,
        Hanging((TasksHandedOver,), handed_over, context.tasks.ever_on),
    )


@strawberry.type
class TaskChangesQuery:
    """What has changed since one was here."""

    @strawberry.field(
        description="What has changed in the list of the tasks that you may see: for clients that were away."
    )
    async def task_changes(
        self, info: Info, filter: _Which = None, after: Since = None, first: First = None
    ) -> Changes[Task]:
        """A page of changes."""
        context = info.context
        return await changes_since(_changes(context), reader=context, given=filter, after=after, first=first)


@strawberry.type
class TaskSubscription:
    """Following tasks."""

    @strawberry.subscription(description="What changes in the list of the tasks that you may see.")
    async def task_changed(
        self, info: Info, filter: _Which = None, after: After = None
    ) -> AsyncGenerator[Change[Task], None]:
        """Live, as long as the caller's access token is valid."""
        context = info.context
        changes = live_list(context.feed, _changes(context), reader=context, given=filter, after=after)
        async with aclosing(changes):
            async for change in changes:
                yield change
