"""The inputs of saved views, and what they store of a list's arguments."""

import dataclasses
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from pydantic.alias_generators import to_camel
from strawberry import UNSET

from rapport_customers.customers.inputs import CustomerFilter, CustomerOrder
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, optional
from rapport_shared.graphql.scalars import serialize_date_time

_SHARED_ROLES = "The roles that may use it as well; for who reaches everybody's views."
_SHARED_TEAMS = "The teams that may use it as well: your own, unless you reach everybody's views."


@strawberry.input(description="A view of the list of customers to keep.")
class CreateSavedViewInput:
    """Fields of createSavedView."""

    name: str = strawberry.field(description="What people call it.")
    filter: CustomerFilter | None = optional("Which customers, as `customers` takes it.")
    order_by: list[CustomerOrder] | None = optional("Sort keys, as `customers` takes them.")
    search: str | None = optional("The text that is searched for.")
    columns: list[str] | None = optional("The fields to show: names of fields of Customer, and `custom.` with a key.")
    shared_roles: list[str] | None = optional(_SHARED_ROLES)
    shared_team_ids: list[strawberry.ID] | None = optional(_SHARED_TEAMS)
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a saved view: what is left out stays, null clears.")
class UpdateSavedViewInput:
    """Fields of updateSavedView."""

    id: strawberry.ID = strawberry.field(description="The view.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("What people call it.")
    filter: CustomerFilter | None = optional("Which customers, as `customers` takes it.")
    order_by: list[CustomerOrder] | None = optional("Sort keys, as `customers` takes them.")
    search: str | None = optional("The text that is searched for.")
    columns: list[str] | None = optional("The fields to show, in their order.")
    shared_roles: list[str] | None = optional(_SHARED_ROLES)
    shared_team_ids: list[strawberry.ID] | None = optional(_SHARED_TEAMS)


@strawberry.input(description="A saved view to delete.")
class DeleteSavedViewInput:
    """Fields of deleteSavedView."""

    id: strawberry.ID = strawberry.field(description="The view.")
    expected_version: int | None = optional(EXPECTED_VERSION)


def as_given(value: Any) -> Any:
    """An input as the JSON that a variable of its type takes."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
        return {to_camel(name.strip("_")): as_given(content) for name, content in fields if content is not UNSET}
    if isinstance(value, list | tuple):
        return [as_given(item) for item in value]
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, datetime):
        return serialize_date_time(value)
    return str(value) if isinstance(value, Decimal) else value
