"""The inputs of API keys."""

import re
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_shared.clock import system_clock
from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

LIFETIME: Final = timedelta(days=365)


@strawberry.input(description="A new API key of yours.")
class CreateApiKeyInput:
    """Fields of createApiKey."""

    name: str = strawberry.field(description="What it is for, 1 to 100 characters.")
    role: str = strawberry.field(
        default="INTEGRATOR", description="The name of the key's role. It may do nothing that you may not."
    )
    expires_at: DateTime | None = optional("When it ends: in a year, where not given; null for never.")
    reason: str | None = optional(REASON)


@strawberry.input(description="An API key that gets a new secret.")
class RotateApiKeyInput:
    """Fields of rotateApiKey."""

    id: strawberry.ID = strawberry.field(description="The key.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    overlap_hours: int = strawberry.field(
        default=24, description="How long the present secret goes on besides the new one, 0 to 168 hours."
    )
    reason: str | None = optional(REASON)


@strawberry.input(description="An API key that is to be good for nothing.")
class RevokeApiKeyInput:
    """Fields of revokeApiKey."""

    id: strawberry.ID = strawberry.field(description="The key.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="An API key for which an access token is wanted.")
class ExchangeApiKeyInput:
    """Fields of exchangeApiKey."""

    key: str = strawberry.field(description="The whole key, `rk_….…`.")


@strawberry.input(description="Which API keys; all given conditions hold.")
class ApiKeyFilter:
    """Conditions on API keys."""

    id: IdFilter | None = optional("The key's id.")
    owner_id: IdFilter | None = optional("The user that the key acts for.")
    role: StringFilter | None = optional("The name of the key's role.")
    revoked: bool | None = optional("True for revoked keys; false where not given.")


@strawberry.enum(description="What API keys can be sorted by.")
class ApiKeyOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the key was made.")


@strawberry.input(description="One key to sort API keys by.")
class ApiKeyOrder:
    """A sort key."""

    field: ApiKeyOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {"id": "_id", "owner_id": "owner_id", "role": "role", "revoked": "revoked"}
NEWEST_FIRST: Final = (Order("created_at", descending=True),)


def condition(given: ApiKeyFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; revoked keys only where the filter asks for them."""
    kept = {"revoked": False} if given is None or given.revoked is UNSET else {}
    named = {"name": {"$regex": re.escape(search.strip()), "$options": "i"}} if search else {}
    return every(kept, condition_of(given, FIELDS), named)


LISTING: Final = Listing("API keys", ApiKeyFilter, ApiKeyOrder, condition, NEWEST_FIRST, "the newest first")


def expiry(of: CreateApiKeyInput) -> datetime | None:
    """When the key is to end."""
    return system_clock() + LIFETIME if of.expires_at is UNSET else of.expires_at
