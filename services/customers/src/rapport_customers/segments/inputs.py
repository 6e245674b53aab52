"""The inputs of segments."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_customers.rules.inputs import CustomerRuleInput
from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every


@strawberry.input(description="A new segment.")
class CreateSegmentInput:
    """Fields of createSegment."""

    name: str = strawberry.field(description="1 to 100 characters; unique.")
    rule: CustomerRuleInput = strawberry.field(description="What has to be true of its customers.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a segment: what is left out stays.")
class UpdateSegmentInput:
    """Fields of updateSegment."""

    id: strawberry.ID = strawberry.field(description="The segment.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("1 to 100 characters; unique.")
    rule: CustomerRuleInput | None = optional("What has to be true of its customers.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A segment to delete.")
class DeleteSegmentInput:
    """Fields of deleteSegment."""

    id: strawberry.ID = strawberry.field(description="The segment.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which segments; all given conditions hold.")
class SegmentFilter:
    """Conditions on segments."""

    id: IdFilter | None = optional("The segment's id.")
    name: StringFilter | None = optional("The name.")


@strawberry.enum(description="What segments can be sorted by.")
class SegmentOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort segments by.")
class SegmentOrder:
    """A sort key."""

    field: SegmentOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {"id": "_id", "name": "name"}


def condition(given: SegmentFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a name."""
    named = {} if search is None else condition_of(SegmentFilter(name=StringFilter(contains=search)), FIELDS)
    return every({"deleted": False}, condition_of(given, FIELDS), named)


LISTING: Final = Listing("segments", SegmentFilter, SegmentOrder, condition, (Order("created_at"),), "the oldest first")
