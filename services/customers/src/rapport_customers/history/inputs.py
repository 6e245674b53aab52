"""What lists of history entries can be asked."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_shared.errors import BadInput
from rapport_shared.graphql.filters import DateTimeFilter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order


@strawberry.input(description="Which entries of a history; all given conditions hold.")
class CustomerHistoryFilter:
    """Conditions on entries; field names are not conditions, so that hidden ones tell nothing."""

    and_: list["CustomerHistoryFilter"] | None = optional("All of these.", "and")
    or_: list["CustomerHistoryFilter"] | None = optional("One of these.", "or")
    not_: "CustomerHistoryFilter | None" = optional("Not this.", "not")
    customer_id: IdFilter | None = optional("The customer.")
    by_id: IdFilter | None = optional("Who did it.")
    action: StringFilter | None = optional("What was done, such as `updated`.")
    at: DateTimeFilter | None = optional("When it was recorded.")
    occurred_at: DateTimeFilter | None = optional("When it happened.")
    late: bool | None = optional("True for what was recorded more than 24 hours after it happened.")


@strawberry.enum(description="What entries of a history can be sorted by.")
class CustomerHistoryOrderField(Enum):
    """Values are document fields."""

    AT = strawberry.enum_value("at", description="When it was recorded.")
    OCCURRED_AT = strawberry.enum_value("occurred_at", description="When it happened.")


@strawberry.input(description="One key to sort entries of a history by.")
class CustomerHistoryOrder:
    """A sort key."""

    field: CustomerHistoryOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "customer_id": "customer_id",
    "by_id": "actor",
    "action": "action",
    "at": "at",
    "occurred_at": "occurred_at",
    "late": "late",
}


def condition(given: CustomerHistoryFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition; values are not searched."""
    if search is not None:
        raise BadInput("A history cannot be searched; filter it.")
    return condition_of(given, FIELDS)


LISTING: Final = Listing(
    "entries",
    CustomerHistoryFilter,
    CustomerHistoryOrder,
    condition,
    (Order("at", descending=True),),
    "the newest first",
)
