"""Users in GraphQL: translate, call, translate."""

from typing import Annotated

import strawberry

from rapport_identity.context import Info
from rapport_identity.users import inputs, model
from rapport_identity.users.inputs import (
    LISTING,
    ActivateUserInput,
    CreateUserInput,
    DeactivateUserInput,
    UpdateUserInput,
)
from rapport_identity.users.types import User
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field


@strawberry.type(description="The user after a change, or what is wrong.")
class UserPayload:
    """Payload of every user mutation."""

    user: User | None = strawberry.field(default=None, description="The user as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, user: model.User) -> "UserPayload":
        """The payload of success."""
        return cls(user=User.from_model(user))


@strawberry.type
class UserQuery:
    """Reading users."""

    @strawberry.field(description="Who you are.")
    async def me(self, info: Info) -> User | None:
        """The caller."""
        found = await info.context.users.find(info.context.actor.id, by=info.context.actor)
        return None if found is None else User.from_model(found)

    @strawberry.field(description="One user; null where there is none, or none that you may see.")
    async def user(self, info: Info, id: strawberry.ID) -> User | None:
        """By id."""
        found = await info.context.users.find(id, by=info.context.actor)
        return None if found is None else User.from_model(found)

    @list_field("The users that you may see.", LISTING)
    async def users(self, info: Info, query: ListQuery) -> Connection[User]:
        """A page."""
        service, by = info.context.users, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, User.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class UserMutation:
    """Changing users."""

    @mutation("Make a new staff user.")
    async def create_user(
        self, info: Info, input: Annotated[CreateUserInput, strawberry.argument(description="The new user.")]
    ) -> UserPayload:
        """Create."""
        made = await info.context.users.create(
            inputs.details(input),
            password=given(input.password),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return UserPayload.of(made)

    @mutation("Change a user.")
    async def update_user(self, info: Info, input: UpdateUserInput) -> UserPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.users.update(
            input.id, details(input), expected_version=expected, by=info.context.actor
        )
        return UserPayload.of(changed)

    @mutation("Lock a user out, everywhere within seconds: sessions end, API keys rest. Nothing is deleted.")
    async def deactivate_user(self, info: Info, input: DeactivateUserInput) -> UserPayload:
        """Deactivate."""
        expected = given(input.expected_version)
        locked_out = await info.context.users.deactivate(input.id, expected_version=expected, by=info.context.actor)
        return UserPayload.of(locked_out)

    @mutation("Let a user in again, and the user's API keys.")
    async def activate_user(self, info: Info, input: ActivateUserInput) -> UserPayload:
        """Activate."""
        expected = given(input.expected_version)
        back = await info.context.users.activate(input.id, expected_version=expected, by=info.context.actor)
        return UserPayload.of(back)
