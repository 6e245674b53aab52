"""The inputs of users: what they mean as attribute names, database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_identity.users import model
from rapport_identity.users.service import search_condition
from rapport_shared.errors import BadInput
from rapport_shared.graphql.arguments import MAX_SEARCH, SortDirection
from rapport_shared.graphql.filters import Filter, IdFilter, StringFilter, condition_of
from rapport_shared.mongo import Order

Role = strawberry.enum(model.Role, name="Role", description="What a user works as; it decides what they may do.")


def optional(description: str) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="A new staff user.")
class CreateUserInput:
    """Fields of createUser."""

    email: str = strawberry.field(description="The mail address to sign in with; unique in upper or lower case.")
    name: str = strawberry.field(description="The full name, 1 to 200 characters.")
    role: model.Role = strawberry.field(description="What the user works as.")
    password: str | None = optional("10 to 200 characters; without one the user cannot sign in yet.")
    title: str | None = optional("The job title, 1 to 100 characters.")
    external_id: str | None = optional("The user's id in another system; unique.")
    manager_id: strawberry.ID | None = optional("The user whom this one reports to.")
    idempotency_key: str | None = optional("Repeat a request with the same key, and it is done once.")


@strawberry.input(description="Which users; all given conditions hold.")
class UserFilter:
    """Conditions on users."""

    and_: list["UserFilter"] | None = strawberry.field(default=UNSET, name="and", description="All of these.")
    or_: list["UserFilter"] | None = strawberry.field(default=UNSET, name="or", description="One of these.")
    not_: "UserFilter | None" = strawberry.field(default=UNSET, name="not", description="Not this.")
    id: IdFilter | None = optional("The user's id.")
    email: StringFilter | None = optional("The mail address.")
    name: StringFilter | None = optional("The name.")
    role: Filter[model.Role] | None = optional("What the user works as.")
    external_id: StringFilter | None = optional("The id in another system.")
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
    "external_id": "external_id",
    "active": "active",
}
NEWEST_FIRST: Final = (Order("created_at", descending=True),)


def condition(given: UserFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments."""
    parts = [condition_of(given, FIELDS)]
    if search is not None and search.strip():
        if len(search) > MAX_SEARCH:
            raise BadInput(f"A search has at most {MAX_SEARCH} characters.")
        parts.append(search_condition(search))
    present = [part for part in parts if part]
    return {"$and": present} if present else {}


def orders(given: list[UserOrder] | None) -> tuple[Order, ...]:
    """The sort keys; the newest first where none is given."""
    if not given:
        return NEWEST_FIRST
    return tuple(Order(str(key.field.value), descending=key.direction is SortDirection.DESC) for key in given)


def details(given: CreateUserInput) -> dict[str, Any]:
    """What an input sets, by attribute name; what it leaves out is absent."""
    apart = {"password", "idempotency_key"}
    return {name: value for name, value in vars(given).items() if name not in apart and value is not UNSET}
