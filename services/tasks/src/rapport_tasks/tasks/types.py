"""The GraphQL types of tasks, and what this service adds to others' types."""

import strawberry

from rapport_shared.actor import SYSTEM
from rapport_shared.graphql.connections import Connection
from rapport_shared.graphql.errors import UserError
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime
from rapport_tasks.context import Info
from rapport_tasks.tasks import model
from rapport_tasks.tasks.inputs import LISTING


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
    hidden_fields: list[str] = hidden_fields_of("Task")

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

    @list_field("The tasks about the customer.", LISTING)
    async def tasks(self, info: Info, query: ListQuery) -> Connection[Task]:
        """One query for any number of customers."""
        return await nested_connection(info.context.tasks_of_customer, str(self.id), query, Task.from_model)


@strawberry.federation.type(keys=["id"], description="A staff user; identity owns it.")
class User:
    """What this service adds to a user."""

    id: strawberry.ID = strawberry.field(description="The user's id.")

    @list_field("The tasks that the user is to do.", LISTING)
    async def tasks(self, info: Info, query: ListQuery) -> Connection[Task]:
        """One query for any number of users."""
        return await nested_connection(info.context.tasks_of_assignee, str(self.id), query, Task.from_model)


@strawberry.type(description="The task after a change, or what is wrong.")
class TaskPayload:
    """Payload of every task mutation."""

    task: Task | None = strawberry.field(default=None, description="The task as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, task: model.Task) -> "TaskPayload":
        """The payload of success."""
        return cls(task=Task.from_model(task))
