"""Users and teams as GraphQL types; they lead to each other."""

import strawberry

from rapport_identity.context import Info
from rapport_identity.roles.types import Role
from rapport_identity.teams import model as teams
from rapport_identity.users import model
from rapport_identity.users.inputs import LISTING
from rapport_shared.actor import Actor
from rapport_shared.graphql.connections import Connection
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime


@strawberry.federation.type(keys=["id"], description="A staff user.")
class User:
    """The GraphQL form of a user."""

    id: strawberry.ID = strawberry.field(description="Its id, `usr_…`.")
    email: str = strawberry.field(description="The mail address to sign in with.")
    name: str = strawberry.field(description="The full name.")
    role: str = strawberry.field(description="The name of the user's role, such as SALES: what the user may do.")
    title: str | None = strawberry.field(description="The job title.")
    active: bool = strawberry.field(description="Whether the user may sign in.")
    invited_at: DateTime | None = strawberry.field(
        description="When the user was last asked to set a password; null once that is done."
    )
    external_id: str | None = strawberry.field(description="The id in another system.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    team_id: strawberry.Private[str | None]
    manager_id: strawberry.Private[str | None]
    reader: strawberry.Private[Actor | None]

    @strawberry.field(description="The user's role, with all that it allows.")
    async def role_details(self, info: Info) -> Role | None:
        """One query for any number of users."""
        if self.reader is None:
            found = await info.context.role_by_name.load(self.role)
        else:
            found = (await info.context.roles.find_many([self.role], by=self.reader)).get(self.role)
        return None if found is None else Role.from_model(found)

    @strawberry.field(description="The team that the user works in.")
    async def team(self, info: Info) -> "Team | None":
        """One query for any number of users."""
        if self.team_id is None:
            return None
        if self.reader is None:
            found = await info.context.team_by_id.load(self.team_id)
        else:
            found = await info.context.teams.find(self.team_id, by=self.reader)
        return None if found is None else Team.from_model(found)

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
            invited_at=None if user.invited_at is None else DateTime(user.invited_at),
            external_id=user.external_id,
            created_at=DateTime(user.created_at),
            updated_at=DateTime(user.updated_at),
            version=user.version,
            team_id=user.team_id,
            manager_id=user.manager_id,
            reader=reader,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "User | None":
        """The user of a representation, unless it is out of reach."""
        found = await info.context.user_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.federation.type(keys=["id"], description="A team of staff users.")
class Team:
    """The GraphQL form of a team."""

    id: strawberry.ID = strawberry.field(description="Its id, `tem_…`.")
    name: str = strawberry.field(description="Its name.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    parent_id: strawberry.Private[str | None]

    @strawberry.field(description="The team above it; null at the top.")
    async def parent(self, info: Info) -> "Team | None":
        """One query for any number of teams."""
        found = None if self.parent_id is None else await info.context.team_by_id.load(self.parent_id)
        return None if found is None else Team.from_model(found)

    @strawberry.field(description="The teams directly below it, by name.")
    async def children(self, info: Info) -> list["Team"]:
        """One query for any number of teams."""
        return [Team.from_model(team) for team in await info.context.teams_below.load(str(self.id))]

    @list_field("The users who work in the team, without those of the teams below it.", LISTING)
    async def members(self, info: Info, query: ListQuery) -> Connection[User]:
        """One query for any number of teams."""
        return await nested_connection(info.context.members_of_team, str(self.id), query, User.from_model)

    @classmethod
    def from_model(cls, team: teams.Team) -> "Team":
        """The public form."""
        return cls(
            id=strawberry.ID(team.id),
            name=team.name,
            created_at=DateTime(team.created_at),
            updated_at=DateTime(team.updated_at),
            version=team.version,
            parent_id=team.parent_id,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Team | None":
        """The team of a representation, unless it is out of reach."""
        found = await info.context.team_by_id.load(id)
        return None if found is None else cls.from_model(found)
