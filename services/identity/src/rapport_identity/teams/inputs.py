"""The inputs of teams: what they mean as database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_identity.teams.service import search_condition
from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every


@strawberry.input(description="A new team.")
class CreateTeamInput:
    """Fields of createTeam."""

    name: str = strawberry.field(description="Its name, 1 to 200 characters.")
    parent_id: strawberry.ID | None = optional("The team above it; at the top, where not given.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)
    reason: str | None = optional(REASON)


@strawberry.input(description="Changes to a team: what is left out stays.")
class UpdateTeamInput:
    """Fields of updateTeam."""

    id: strawberry.ID = strawberry.field(description="The team.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("Its name, 1 to 200 characters.")
    parent_id: strawberry.ID | None = optional("The team above it; null moves it to the top.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A team to take away.")
class DeleteTeamInput:
    """Fields of deleteTeam."""

    id: strawberry.ID = strawberry.field(description="The team; it has neither members nor teams below it.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which teams; all given conditions hold.")
class TeamFilter:
    """Conditions on teams."""

    and_: list["TeamFilter"] | None = optional("All of these.", "and")
    or_: list["TeamFilter"] | None = optional("One of these.", "or")
    not_: "TeamFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The team's id.")
    name: StringFilter | None = optional("The name.")
    parent_id: IdFilter | None = optional("The team above; isNull for those at the top.")


@strawberry.enum(description="What teams can be sorted by.")
class TeamOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort teams by.")
class TeamOrder:
    """A sort key."""

    field: TeamOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {"id": "_id", "name": "name", "parent_id": "parent_id"}
BY_NAME: Final = (Order("name"),)


def condition(given: TeamFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; deleted teams are in no list."""
    return every({"deleted": False}, condition_of(given, FIELDS), search_condition(search) if search else {})


LISTING: Final = Listing("teams", TeamFilter, TeamOrder, condition, BY_NAME, "by name")
