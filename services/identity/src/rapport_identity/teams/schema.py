"""Teams in GraphQL: translate, call, translate."""

import strawberry

from rapport_identity.context import Info
from rapport_identity.teams import model
from rapport_identity.teams.inputs import LISTING, CreateTeamInput, DeleteTeamInput, UpdateTeamInput
from rapport_identity.users.types import Team
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field


@strawberry.type(description="The team after a change, or what is wrong.")
class TeamPayload:
    """Payload of every team mutation."""

    team: Team | None = strawberry.field(default=None, description="The team as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, team: model.Team) -> "TeamPayload":
        """The payload of success."""
        return cls(team=Team.from_model(team))


@strawberry.type
class TeamQuery:
    """Reading teams."""

    @strawberry.field(description="One team; null where there is none.")
    async def team(self, info: Info, id: strawberry.ID) -> Team | None:
        """By id."""
        found = await info.context.team_by_id.load(id)
        return None if found is None else Team.from_model(found)

    @list_field("The teams.", LISTING)
    async def teams(self, info: Info, query: ListQuery) -> Connection[Team]:
        """A page."""
        service, by = info.context.teams, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Team.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class TeamMutation:
    """Changing teams."""

    @mutation("Make a new team.")
    async def create_team(self, info: Info, input: CreateTeamInput) -> TeamPayload:
        """Create."""
        made = await info.context.teams.create(
            input.name,
            given(input.parent_id),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return TeamPayload.of(made)

    @mutation("Rename a team, or move it below another, with all teams below it.")
    async def update_team(self, info: Info, input: UpdateTeamInput) -> TeamPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.teams.update(
            input.id, details(input), expected_version=expected, by=info.context.actor
        )
        return TeamPayload.of(changed)

    @mutation("Take a team away that has neither members nor teams below it.")
    async def delete_team(self, info: Info, input: DeleteTeamInput) -> TeamPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.teams.delete(input.id, expected_version=expected, by=info.context.actor)
        return TeamPayload.of(gone)
