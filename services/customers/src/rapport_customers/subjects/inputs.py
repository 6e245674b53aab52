"""The inputs of subject requests."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_customers.subjects.model import SubjectRequestKind
from rapport_shared.errors import BadInput
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, condition_of
from rapport_shared.graphql.inputs import IDEMPOTENCY_KEY, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order

Kind = strawberry.enum(SubjectRequestKind, name="SubjectRequestKind", description="What is asked for.")
REASON: Final = "Why, for the record; it outlives the customer's data, so name nobody in it."


@strawberry.input(description="A customer of whom everything that is kept is wanted.")
class ExportSubjectInput:
    """Fields of exportSubject."""

    customer_id: strawberry.ID = strawberry.field(description="The customer, a deleted one too.")
    reason: str | None = optional(REASON)
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="A customer of whom nothing personal is to stay. This cannot be undone.")
class EraseSubjectInput:
    """Fields of eraseSubject."""

    customer_id: strawberry.ID = strawberry.field(description="The customer, a deleted one too.")
    reason: str | None = optional(REASON)
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Which subject requests; all given conditions hold.")
class SubjectRequestFilter:
    """Conditions on requests."""

    customer_id: IdFilter | None = optional("The customer.")
    kind: Filter[SubjectRequestKind] | None = optional("What was asked for.")
    requested_at: DateTimeFilter | None = optional("When it was asked.")


@strawberry.enum(description="What subject requests can be sorted by.")
class SubjectRequestOrderField(Enum):
    """Values are document fields."""

    REQUESTED_AT = strawberry.enum_value("requested_at", description="When it was asked.")


@strawberry.input(description="One key to sort subject requests by.")
class SubjectRequestOrder:
    """A sort key."""

    field: SubjectRequestOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {"customer_id": "customer_id", "kind": "kind", "requested_at": "requested_at"}


def condition(given: SubjectRequestFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition."""
    if search is not None:
        raise BadInput("Subject requests cannot be searched; filter them.")
    return condition_of(given, FIELDS)


LISTING: Final = Listing(
    "requests",
    SubjectRequestFilter,
    SubjectRequestOrder,
    condition,
    (Order("requested_at", descending=True),),
    "the newest first",
)
