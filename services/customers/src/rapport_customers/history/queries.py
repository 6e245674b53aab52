"""Asking for the past: a customer as it was, and what was recorded late."""

from typing import Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.schema import Customer
from rapport_customers.history.inputs import LISTING
from rapport_customers.history.schema import CustomerHistoryEntry
from rapport_customers.history.service import TYPE
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.type
class HistoryQuery:
    """Reading histories."""

    @strawberry.field(
        description="A customer as it was; null where you may not see it, or it was not there then. "
        "Its lists, its orders and what other services add are those of now."
    )
    async def customer_as_of(
        self,
        info: Info,
        id: strawberry.ID,
        at: Annotated[DateTime, strawberry.argument(description="The time that is asked about.")],
    ) -> Customer | None:
        """By id and time."""
        found = await info.context.history.as_of(id, at, by=info.context.actor)
        return None if found is None else Customer.from_model(found)

    @list_field("The changes of customers that were recorded more than 24 hours after they happened.", LISTING)
    async def late_customer_changes(self, info: Info, query: ListQuery) -> Connection[CustomerHistoryEntry]:
        """A page."""
        history, by, hidden = info.context.history, info.context.actor, info.context.fields(TYPE).hidden
        page = await history.late_page(query.condition, query.page, by=by)
        return connection_of(
            page,
            lambda entry: CustomerHistoryEntry.from_model(entry, hidden),
            lambda: history.late_count(query.condition, by=by),
        )
