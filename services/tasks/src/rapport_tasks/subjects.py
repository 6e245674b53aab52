"""This service's part of a subject request, in GraphQL."""

import strawberry

from rapport_shared.graphql.subjects import DEFAULT_PAGE, After, First, SubjectRecords, subject_records
from rapport_tasks.context import Info


@strawberry.federation.type(keys=["id"], description="A request about what is kept of a customer; customers owns it.")
class SubjectRequest:
    """What this service adds to a subject request."""

    id: strawberry.ID = strawberry.field(description="The request's id.")

    @strawberry.field(description="The tasks about the customer; null until this service has its part ready.")
    async def tasks_records(
        self, info: Info, first: First = DEFAULT_PAGE, after: After = None
    ) -> SubjectRecords | None:
        """A page; every reading is audited."""
        return await subject_records(info, str(self.id), first, after)
