"""Following deals: live, and for clients that were away."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from rapport_customers.context import Context, Info
from rapport_customers.deals import model
from rapport_customers.deals.inputs import DealChangeFilter
from rapport_customers.deals.schema import EVENTS
from rapport_customers.deals.types import Deal
from rapport_shared.contracts.customers import CustomerMerged, CustomerUnmerged, CustomerUpdated
from rapport_shared.graphql.changes import (
    After,
    Change,
    Changes,
    ChangesOf,
    First,
    Hanging,
    Since,
    changes_since,
    live_list,
)
from rapport_shared.graphql.judging import Move

_Which = Annotated[DealChangeFilter | None, strawberry.argument(description="Which deals.")]


def _changes(context: Context) -> ChangesOf[model.Deal, Deal]:
    hanging = Hanging((CustomerUpdated, CustomerMerged, CustomerUnmerged), _move, context.deals.ever_on)
    return ChangesOf(EVENTS, "Deal", context.deals.find_many, Deal.from_model, hanging)


def _move(event: CustomerUpdated | CustomerMerged | CustomerUnmerged) -> Move:
    if isinstance(event, CustomerUpdated):
        return Move(event.customer_id, event.before.owner_id, event.after.owner_id)
    own, survivors = event.after.owner_id, event.survivor_owner_id
    owners = (own, survivors) if isinstance(event, CustomerMerged) else (survivors, own)
    return Move(event.customer_id, *owners, regrouped=True)


@strawberry.type
class DealChangesQuery:
    """What has changed since one was here."""

    @strawberry.field(
        description="What has changed in the list of the deals that you may see: for clients that were away."
    )
    async def deal_changes(
        self, info: Info, filter: _Which = None, after: Since = None, first: First = None
    ) -> Changes[Deal]:
        """A page of changes."""
        context = info.context
        return await changes_since(_changes(context), reader=context, given=filter, after=after, first=first)


@strawberry.type
class DealSubscription:
    """Following deals."""

    @strawberry.subscription(description="What changes in the list of the deals that you may see.")
    async def deal_changed(
        self, info: Info, filter: _Which = None, after: After = None
    ) -> AsyncGenerator[Change[Deal], None]:
        """Live, as long as the caller's access token is valid."""
        context = info.context
        changes = live_list(context.feed, _changes(context), reader=context, given=filter, after=after)
        async with aclosing(changes):
            async for change in changes:
                yield change
