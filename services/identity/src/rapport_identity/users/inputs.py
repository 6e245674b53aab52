"""The inputs of users: what they mean as attribute names, database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_identity.users.service import search_condition
from rapport_shared.graphql import inputs as shared
from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every


@strawberry.input(description="A new staff user.")
class CreateUserInput:
    """Fields of createUser."""

    email: str = strawberry.field(description="The mail address to sign in with; unique in upper or lower case.")
    name: str = strawberry.field(description="The full name, 1 to 200 characters.")
    role: str = strawberry.field(description="The name of a role, such as SALES; it decides what the user may do.")
    password: str | None = optional("10 to 200 characters; without one the user cannot sign in yet.")
    title: str | None = optional("The job title, 1 to 100 characters.")
    team_id: strawberry.ID | None = optional("The team that the user works in.")
    external_id: str | None = optional("The user's id in another system; unique.")
    manager_id: strawberry.ID | None = optional("The user whom this one reports to.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)
    reason: str | None = optional(REASON)


@strawberry.input(description="Changes to a user: what is left out stays, null clears.")
class UpdateUserInput:
    """Fields of updateUser."""

    id: strawberry.ID = strawberry.field(description="The user.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    email: str | None = optional("The mail address to sign in with; unique in upper or lower case.")
    name: str | None = optional("The full name, 1 to 200 characters.")
    role: str | None = optional("The name of a role. It may do nothing that you may not.")
    title: str | None = optional("The job title, 1 to 100 characters.")
    team_id: strawberry.ID | None = optional("The team that the user works in.")
    external_id: str | None = optional("The user's id in another system; unique.")
    manager_id: strawberry.ID | None = optional("The user whom this one reports to.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A user to lock out.")
class DeactivateUserInput:
    """Fields of deactivateUser."""

    id: strawberry.ID = strawberry.field(description="The user.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A user to let in again.")
class ActivateUserInput:
    """Fields of activateUser."""

    id: strawberry.ID = strawberry.field(description="The user.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which users; all given conditions hold.")
class UserFilter:
    """Conditions on users."""

    and_: list["UserFilter"] | None = optional("All of these.", "and")
    or_: list["UserFilter"] | None = optional("One of these.", "or")
    not_: "UserFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The user's id.")
    email: StringFilter | None = optional("The mail address.")
    name: StringFilter | None = optional("The name.")
    role: StringFilter | None = optional("The name of the role.")
    team_id: IdFilter | None = optional("The team that the user works in.")
    external_id: StringFilter | None = optional("The id in another system.")
    active: bool | None = optional("Whether the user may sign in.")


@strawberry.input(description="Which live changes: of users for which all given conditions hold.")
class UserChangeFilter:
    """Conditions on what events carry of users."""

    id: IdFilter | None = optional("The user's id; eq, in and isNull.")
    role: IdFilter | None = optional("The name of the role.")
    team_id: IdFilter | None = optional("The team that the user works in.")
    active: bool | None = optional("Whether the user may sign in.")


@strawberry.enum(description="What users can be sorted by.")
class UserOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    EMAIL = strawberry.enum_value("email", description="The mail address, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort users by.")
class UserOrder:
    """A sort key."""

    field: UserOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "email": "email",
    "name": "name",
    "role": "role",
    "team_id": "team_id",
    "external_id": "external_id",
    "active": "active",
}
NEWEST_FIRST: Final = (Order("created_at", descending=True),)


def condition(given: UserFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments."""
    return every(condition_of(given, FIELDS), search_condition(search) if search else {})


LISTING: Final = Listing("users", UserFilter, UserOrder, condition, NEWEST_FIRST, "the newest first")


def details(of: CreateUserInput) -> dict[str, Any]:
    """What an input sets, by attribute name; the password goes its own way."""
    return shared.details(of, apart=frozenset({"password"}))
