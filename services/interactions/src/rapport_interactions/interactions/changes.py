"""Following interactions: live, and for clients that were away."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from rapport_interactions.context import Context, Info
from rapport_interactions.interactions import model
from rapport_interactions.interactions.inputs import InteractionChangeFilter
from rapport_interactions.interactions.schema import EVENTS, Interaction
from rapport_shared.contracts.interactions import InteractionsHandedOver
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

_Which = Annotated[InteractionChangeFilter | None, strawberry.argument(description="Which interactions.")]


def _changes(context: Context) -> ChangesOf[model.Interaction, Interaction]:
    return ChangesOf(
        EVENTS,
        "Interaction",
        context.interactions.find_many,
        Interaction.from_model,
        Hanging((InteractionsHandedOver,), handed_over, context.interactions.ever_on),
    )


@strawberry.type
class InteractionChangesQuery:
    """What has changed since one was here."""

    @strawberry.field(
        description="What has changed in the list of the interactions that you may see: for clients that were away."
    )
    async def interaction_changes(
        self, info: Info, filter: _Which = None, after: Since = None, first: First = None
    ) -> Changes[Interaction]:
        """A page of changes."""
        context = info.context
        return await changes_since(_changes(context), reader=context, given=filter, after=after, first=first)


@strawberry.type
class InteractionSubscription:
    """Following interactions."""

    @strawberry.subscription(description="What changes in the list of the interactions that you may see.")
    async def interaction_changed(
        self, info: Info, filter: _Which = None, after: After = None
    ) -> AsyncGenerator[Change[Interaction], None]:
        """Live, as long as the caller's access token is valid."""
        context = info.context
        changes = live_list(context.feed, _changes(context), reader=context, given=filter, after=after)
        async with aclosing(changes):
            async for change in changes:
                yield change
