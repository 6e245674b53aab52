"""Users in GraphQL: translate, call, translate."""

from typing import Annotated

import strawberry

from rapport_identity.context import Info
from rapport_identity.users import inputs, model
from rapport_identity.users.inputs import LISTING, CreateUserInput
from rapport_shared.actor import Actor
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.federation.type(keys=["id"], description="A staff user.")
class User:
    """The GraphQL form of a user."""

    id: strawberry.ID = strawberry.field(description="Its id, `usr_…`.")
    email: str = strawberry.field(description="The mail address to sign in with.")
    name: str = strawberry.field(description="The full name.")
    role: model.Role = strawberry.field(description="What the user works as.")
    title: str | None = strawberry.field(description="The job title.")
    active: bool = strawberry.field(description="Whether the user may sign in.")
    external_id: str | None = strawberry.field(description="The id in another system.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes.")
    manager_id: strawberry.Private[str | None]
    reader: strawberry.Private[Actor | None]

    @strawberry.field(description="Whom the user reports to.")
    async def manager(self, info: Info) -> "User | None":
        """One query for any number of users."""
        if self.manager_id is None:
            return None
        if self.reader is None:
            found = await info.context.user_by_id.load(self.manager_id)
        else:
            found = await info.context.users.find(self.manager_id, by=self.reader)
        return None if found is None else User.from_model(found, reader=self.reader)

    @classmethod
    def from_model(cls, user: model.User, *, reader: Actor | None = None) -> "User":
        """The public form; ``reader`` is who has just signed in, where the request itself has no token."""
        return cls(
            id=strawberry.ID(user.id),
            email=user.email,
            name=user.name,
            role=user.role,
            title=user.title,
            active=user.active,
            external_id=user.external_id,
            created_at=DateTime(user.created_at),
            updated_at=DateTime(user.updated_at),
            version=user.version,
            manager_id=user.manager_id,
            reader=reader,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "User | None":
        """The user of a representation, unless it is out of reach."""
        found = await info.context.user_by_id.load(id)
        return None if found is None else cls.from_model(found)


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

    @mutation("Make a new staff user; for administrators.")
    async def create_user(
        self, info: Info, input: Annotated[CreateUserInput, strawberry.argument(description="The new user.")]
    ) -> UserPayload:
        """Create."""
        made = await info.context.users.create(
            inputs.details(input),
            password=None if input.password is strawberry.UNSET else input.password,
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return UserPayload.of(made)
