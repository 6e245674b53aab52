"""The inputs of the pool."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_customers.customers.model import CustomerKind, CustomerStage
from rapport_shared.errors import BadInput
from rapport_shared.graphql.filters import DateTimeFilter, Filter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order


@strawberry.input(description="A customer of the pool to look after from now on.")
class ClaimCustomerInput:
    """Fields of claimCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A customer to give to the pool.")
class ReleaseCustomerInput:
    """Fields of releaseCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Changes to the rules of the pool: what is left out stays, null clears.")
class UpdatePoolRulesInput:
    """Fields of updatePoolRules."""

    expected_version: int | None = optional(EXPECTED_VERSION)
    max_held: int | None = optional("How many customers somebody who claims may look after; null for any number.")
    max_claims_per_day: int | None = optional("How many customers somebody may claim a day (UTC); null for any number.")
    reclaim_after_days: int | None = optional("How long who looked after a customer last may not claim it.")
    idle_days: int | None = optional("After how many days without anything a customer returns; null for never.")
    idle_stages: list[CustomerStage] | None = optional("The stages in which customers return by themselves.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Which customers of the pool; all given conditions hold.")
class PoolCustomerFilter:
    """Conditions on customers in the pool."""

    kind: Filter[CustomerKind] | None = optional("A person or a company.")
    stage: Filter[CustomerStage] | None = optional("Where the customer stands.")
    pooled_at: DateTimeFilter | None = optional("Since when nobody looks after it.")


@strawberry.enum(description="What customers of the pool can be sorted by.")
class PoolCustomerOrderField(Enum):
    """Values are document fields."""

    POOLED_AT = strawberry.enum_value("pooled_at", description="Since when nobody looks after it.")


@strawberry.input(description="One key to sort customers of the pool by.")
class PoolCustomerOrder:
    """A sort key."""

    field: PoolCustomerOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


def condition(given: PoolCustomerFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition; what would be searched in is not shown here."""
    if search is not None:
        raise BadInput("The pool cannot be searched; filter it.")
    return condition_of(given, {"kind": "kind", "stage": "stage", "pooled_at": "pooled_at"})


LISTING: Final = Listing(
    "customers", PoolCustomerFilter, PoolCustomerOrder, condition, (Order("pooled_at"),), "the longest there first"
)
