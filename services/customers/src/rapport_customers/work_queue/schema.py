"""The work queue in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.schema import Customer
from rapport_customers.work_queue.inputs import ORDER, Before, Last, Wanted, Whose
from rapport_customers.work_queue.model import WorkReason
from rapport_customers.work_queue.service import WorkItem as WorkItemModel
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.inputs import After, First
from rapport_shared.mongo import page_request


@strawberry.type(description="A customer that is to be dealt with.")
class WorkItem:
    """The GraphQL form of a place in the queue."""

    customer: Customer = strawberry.field(description="The customer.")
    reasons: list[WorkReason] = strawberry.field(description="Why; at least one.")

    @classmethod
    def from_model(cls, item: WorkItemModel) -> "WorkItem":
        """The public form."""
        return cls(customer=Customer.from_model(item.customer), reasons=item.reasons)


@strawberry.type
class WorkQueueQuery:
    """Reading the queue."""

    @strawberry.field(
        description="The customers that a user looks after and must deal with, as far as you may see them: of HIGH "
        "priority, not spoken with for long, or long in a stage that is not to last; never those who are LOST. "
        "HIGH first; among equals the longest silence first."
    )
    async def work_queue(
        self,
        info: Info,
        user_id: Whose = None,
        reasons: Wanted = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Connection[WorkItem]:
        """A page."""
        service, by = info.context.work_queue, info.context.actor
        whose = by.id if user_id is None else str(user_id)
        request = page_request(first=first, after=after, last=last, before=before, order=ORDER)
        page = await service.page(whose, reasons, request, by=by)
        return connection_of(page, WorkItem.from_model, lambda: service.count(whose, reasons, by=by))
