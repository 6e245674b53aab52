"""Following customers: live, and for clients that were away."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from rapport_customers.context import Context, Info
from rapport_customers.customers import model
from rapport_customers.customers.inputs import CustomerChangeFilter
from rapport_customers.customers.schema import EVENTS, Customer
from rapport_shared.graphql.changes import After, Change, Changes, ChangesOf, First, Since, changes_since, live_list

_Which = Annotated[CustomerChangeFilter | None, strawberry.argument(description="Which customers.")]


def _changes(context: Context) -> ChangesOf[model.Customer, Customer]:
    return ChangesOf(EVENTS, "Customer", context.customers.find_many, Customer.from_model)


@strawberry.type
class CustomerChangesQuery:
    """What has changed since one was here."""

    @strawberry.field(
        description="What has changed in the list of the customers that you may see: for clients that were away."
    )
    async def customer_changes(
        self, info: Info, filter: _Which = None, after: Since = None, first: First = None
    ) -> Changes[Customer]:
        """A page of changes."""
        context = info.context
        return await changes_since(_changes(context), reader=context, given=filter, after=after, first=first)


@strawberry.type
class CustomerSubscription:
    """Following customers."""

    @strawberry.subscription(description="What changes in the list of the customers that you may see.")
    async def customer_changed(
        self, info: Info, filter: _Which = None, after: After = None
    ) -> AsyncGenerator[Change[Customer], None]:
        """Live, as long as the caller's access token is valid."""
        context = info.context
        changes = live_list(context.feed, _changes(context), reader=context, given=filter, after=after)
        async with aclosing(changes):
            async for change in changes:
                yield change
