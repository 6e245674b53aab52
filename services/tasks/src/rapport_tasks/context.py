"""What the resolvers of this service have at hand."""

from dataclasses import dataclass
from functools import cached_property, partial

import strawberry
from strawberry.dataloader import DataLoader

from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import NestedLists, by_id
from rapport_shared.messaging import ChangeFeed
from rapport_shared.subject_data import SubjectReader
from rapport_tasks.tasks.model import Task
from rapport_tasks.tasks.service import TaskService


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context."""

    tasks: TaskService
    subject_reader: SubjectReader
    feed: ChangeFeed

    @cached_property
    def task_by_id(self) -> DataLoader[str, Task | None]:
        """Tasks within the caller's reach."""
        return by_id(lambda identifiers: self.tasks.find_many(identifiers, by=self.actor))

    @cached_property
    def tasks_of_customer(self) -> NestedLists[Task]:
        """The tasks about many customers."""
        pages, counts = self.tasks.customer_pages, self.tasks.customer_counts
        return NestedLists(partial(pages, by=self.actor), partial(counts, by=self.actor))

    @cached_property
    def tasks_of_assignee(self) -> NestedLists[Task]:
        """The tasks of many users."""
        pages, counts = self.tasks.assigned_pages, self.tasks.assigned_counts
        return NestedLists(partial(pages, by=self.actor), partial(counts, by=self.actor))


Info = strawberry.Info[Context, None]
