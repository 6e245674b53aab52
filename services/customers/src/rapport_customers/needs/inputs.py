"""The inputs of needs."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_customers.customers.search import text_condition
from rapport_customers.needs.model import NeedKind, NeedStatus
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every

Kind = strawberry.enum(NeedKind, name="NeedKind", description="What a need is.")
Status = strawberry.enum(NeedStatus, name="NeedStatus", description="What came of a need.")


@strawberry.input(description="A new need of a customer.")
class CreateNeedInput:
    """Fields of createNeed."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    kind: NeedKind = strawberry.field(description="A pain, a preference, or a requirement.")
    text: str = strawberry.field(description="What is needed, 1 to 500 characters.")
    status: NeedStatus = strawberry.field(default=NeedStatus.OPEN, description="OPEN where not given.")
    interaction_id: strawberry.ID | None = optional("The communication in which it was said.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a need: what is left out stays, null clears.")
class UpdateNeedInput:
    """Fields of updateNeed."""

    id: strawberry.ID = strawberry.field(description="The need.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    kind: NeedKind | None = optional("A pain, a preference, or a requirement.")
    text: str | None = optional("What is needed, 1 to 500 characters.")
    status: NeedStatus | None = optional("What came of it.")
    interaction_id: strawberry.ID | None = optional("The communication in which it was said.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A need to put away.")
class DeleteNeedInput:
    """Fields of deleteNeed."""

    id: strawberry.ID = strawberry.field(description="The need.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A deleted need to bring back.")
class RestoreNeedInput:
    """Fields of restoreNeed."""

    id: strawberry.ID = strawberry.field(description="The need.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which needs; all given conditions hold.")
class NeedFilter:
    """Conditions on needs."""

    and_: list["NeedFilter"] | None = optional("All of these.", "and")
    or_: list["NeedFilter"] | None = optional("One of these.", "or")
    not_: "NeedFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The need's id.")
    customer_id: IdFilter | None = optional("The customer.")
    kind: Filter[NeedKind] | None = optional("What it is.")
    status: Filter[NeedStatus] | None = optional("What came of it.")
    interaction_id: IdFilter | None = optional("The communication in which it was said.")
    created_at: DateTimeFilter | None = optional("When the record was made.")
    deleted: bool | None = optional("True for deleted needs; false where not given.")


@strawberry.enum(description="What needs can be sorted by.")
class NeedOrderField(Enum):
    """Values are document fields."""

    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort needs by.")
class NeedOrder:
    """A sort key."""

    field: NeedOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "customer_id": "customer_id",
    "kind": "kind",
    "status": "status",
    "interaction_id": "interaction_id",
    "created_at": "created_at",
    "deleted": "deleted",
}


def condition(given: NeedFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for the text, as customers' names are searched."""
    kept = {"deleted": False} if given is None or given.deleted is UNSET else {}
    return every(kept, condition_of(given, FIELDS), text_condition(search, "search.text") if search else {})


LISTING: Final = Listing(
    "needs", NeedFilter, NeedOrder, condition, (Order("created_at", descending=True),), "the newest first"
)
