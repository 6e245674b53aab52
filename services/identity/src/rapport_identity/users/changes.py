"""Following users: live, and for clients that were away."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

import strawberry

from rapport_identity.context import Context, Info
from rapport_identity.users import model
from rapport_identity.users.inputs import UserChangeFilter
from rapport_identity.users.types import User
from rapport_shared.contracts.identity import UserCreated, UserUpdated
from rapport_shared.graphql.changes import After, Change, Changes, ChangesOf, First, Since, changes_since, live_list

_Which = Annotated[UserChangeFilter | None, strawberry.argument(description="Which users.")]


def _changes(context: Context) -> ChangesOf[model.User, User]:
    return ChangesOf((UserCreated, UserUpdated), "User", context.users.find_many, User.from_model)


@strawberry.type
class UserChangesQuery:
    """What has changed since one was here."""

    @strawberry.field(
        description="What has changed in the list of the users that you may see: for clients that were away."
    )
    async def user_changes(
        self, info: Info, filter: _Which = None, after: Since = None, first: First = None
    ) -> Changes[User]:
        """A page of changes."""
        context = info.context
        return await changes_since(_changes(context), reader=context, given=filter, after=after, first=first)


@strawberry.type
class UserSubscription:
    """Following users."""

    @strawberry.subscription(description="What changes in the list of the users that you may see.")
    async def user_changed(
        self, info: Info, filter: _Which = None, after: After = None
    ) -> AsyncGenerator[Change[User], None]:
        """Live, as long as the caller's access token is valid."""
        context = info.context
        changes = live_list(context.feed, _changes(context), reader=context, given=filter, after=after)
        async with aclosing(changes):
            async for change in changes:
                yield change
