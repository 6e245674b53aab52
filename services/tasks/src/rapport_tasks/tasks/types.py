"""The GraphQL types of tasks, and what this service adds to others' types."""

from typing import Annotated

import strawberry

from rapport_shared.actor import SYSTEM
from rapport_shared.graphql.arguments import After, Before, First, Last, Search
from rapport_shared.graphql.changes import ChangeKind, ListChange
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError
from rapport_shared.graphql.loaders import NestedLists
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import PageRequest, page_request
from rapport_tasks.context import Info
from rapport_tasks.tasks import inputs, model
from rapport_tasks.tasks.inputs import TaskFilter, TaskOrder

Which = Annotated[TaskFilter | None, strawberry.argument(description="Which tasks.")]
Sorted = Annotated[
    list[TaskOrder] | None, strawberry.argument(name="orderBy", description="Sort keys; the newest first.")
]


@strawberry.federation.type(keys=["id"], description="Something that somebody is to do.")
class Task:
    """The GraphQL form of a task."""

    id: strawberry.ID = strawberry.field(description="Its id, `tsk_…`.")
    title: str = strawberry.field(description="What is to be done.")
    description: str | None = strawberry.field(description="More about it.")
    assignee_id: strawberry.ID | None = strawberry.field(description="The id of who is to do it.")
    due_at: DateTime | None = strawberry.field(description="By when.")
    priority: model.TaskPriority = strawberry.field(description="How pressing it is.")
    customer_id: strawberry.ID | None = strawberry.field(description="The id of the customer that it is about.")
    status: model.TaskStatus = strawberry.field(description="How far it is.")
    result: str | None = strawberry.field(description="What came of it.")
    origin: model.TaskOrigin = strawberry.field(description="What it came from.")
    created_by_id: strawberry.ID = strawberry.field(description="The id of who asked for it; `system` for follow-ups.")
    interaction_id: strawberry.ID | None = strawberry.field(description="The communication that it follows up.")
    completed_at: DateTime | None = strawberry.field(description="When it was done.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @strawberry.field(description="Who is to do it.")
    def assignee(self) -> "User | None":
        """A reference to the identity service's user."""
        return None if self.assignee_id is None else User(id=self.assignee_id)

    @strawberry.field(description="Who asked for it; null for the system itself.")
    def created_by(self) -> "User | None":
        """A reference to the identity service's user."""
        return None if self.created_by_id == SYSTEM.id else User(id=self.created_by_id)

    @strawberry.field(description="The customer that it is about.")
    def customer(self) -> "Customer | None":
        """A reference to the customers service's customer."""
        return None if self.customer_id is None else Customer(id=self.customer_id)

    @classmethod
    def from_model(cls, task: model.Task) -> "Task":
        """The public form."""
        return cls(
            id=strawberry.ID(task.id),
            title=task.title,
            description=task.description,
            assignee_id=None if task.assignee_id is None else strawberry.ID(task.assignee_id),
            due_at=None if task.due_at is None else DateTime(task.due_at),
            priority=task.priority,
            customer_id=None if task.customer_id is None else strawberry.ID(task.customer_id),
            status=task.status,
            result=task.result,
            origin=task.origin,
            created_by_id=strawberry.ID(task.created_by_id),
            interaction_id=None if task.interaction_id is None else strawberry.ID(task.interaction_id),
            completed_at=None if task.completed_at is None else DateTime(task.completed_at),
            created_at=DateTime(task.created_at),
            updated_at=DateTime(task.updated_at),
            version=task.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Task | None":
        """The task of a representation, unless it is out of reach."""
        found = await info.context.task_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.federation.type(keys=["id"], description="A customer; the customers service owns it.")
class Customer:
    """What this service adds to a customer."""

    id: strawberry.ID = strawberry.field(description="The customer's id.")

    @strawberry.field(description="The tasks about the customer.")
    async def tasks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Which = None,
        order_by: Sorted = None,
        search: Search = None,
    ) -> Connection[Task]:
        """One query for any number of customers."""
        request = page_request(first=first, after=after, last=last, before=before, order=inputs.orders(order_by))
        return await _nested(info.context.tasks_of_customer, self.id, request, filter, search)


@strawberry.federation.type(keys=["id"], description="A staff user; identity owns it.")
class User:
    """What this service adds to a user."""

    id: strawberry.ID = strawberry.field(description="The user's id.")

    @strawberry.field(description="The tasks that the user is to do.")
    async def tasks(
        self,
        info: Info,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
        filter: Which = None,
        order_by: Sorted = None,
        search: Search = None,
    ) -> Connection[Task]:
        """One query for any number of users."""
        request = page_request(first=first, after=after, last=last, before=before, order=inputs.orders(order_by))
        return await _nested(info.context.tasks_of_assignee, self.id, request, filter, search)


async def _nested(
    lists: NestedLists[model.Task], parent: str, request: PageRequest, given: TaskFilter | None, search: str | None
) -> Connection[Task]:
    condition = inputs.condition(given, search)
    page = await lists.page(parent, condition, request)
    return connection_of(page, Task.from_model, lambda: lists.count(parent, condition))


@strawberry.type(description="The task after a change, or what is wrong.")
class TaskPayload:
    """Payload of every task mutation."""

    task: Task | None = strawberry.field(default=None, description="The task as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, task: model.Task) -> "TaskPayload":
        """The payload of success."""
        return cls(task=Task.from_model(task))


@strawberry.type(description="A live change of a list of tasks.")
class TaskChange:
    """One notice of taskChanged."""

    kind: ChangeKind = strawberry.field(description="What happened.")
    id: strawberry.ID | None = strawberry.field(description="The task; null on RESET.")
    node: Task | None = strawberry.field(description="The task as it stands now; null on LEAVE and RESET.")
    changed_fields: list[str] = strawberry.field(description="The names of the fields that changed.")
    cursor: str = strawberry.field(description="The position of the change.")

    @classmethod
    def from_change(cls, change: ListChange[model.Task]) -> "TaskChange":
        """The public form."""
        return cls(
            kind=change.kind,
            id=None if change.id is None else strawberry.ID(change.id),
            node=None if change.record is None else Task.from_model(change.record),
            changed_fields=list(change.changed_fields),
            cursor=change.cursor,
        )
