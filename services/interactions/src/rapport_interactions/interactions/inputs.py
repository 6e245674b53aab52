"""The inputs of interactions: what they mean as attribute names, database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_interactions.interactions.model import Channel as ModelChannel
from rapport_interactions.interactions.model import Intent as ModelIntent
from rapport_interactions.interactions.service import search_condition
from rapport_shared.graphql import inputs as shared
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

Channel = strawberry.enum(ModelChannel, name="Channel", description="The way by which one spoke.")
Intent = strawberry.enum(ModelIntent, name="Intent", description="How much the customer wants to buy.")

_PARTICIPANTS = "Who took part: at most 100 names of 1 to 200 characters."
_CONTENT = "What was said, 1 to 20,000 characters; line breaks are kept."
_OUTCOME = "What came of it, 1 to 2,000 characters; line breaks are kept."
_FOLLOW_UP = "When to get in touch again: any instant after the interaction."


@strawberry.input(description="A communication with a customer; you are its author.")
class RecordInteractionInput:
    """Fields of recordInteraction."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    channel: ModelChannel = strawberry.field(description="The way by which one spoke.")
    occurred_at: DateTime | None = optional("When it happened: now, where not given; at most one day from now.")
    participants: list[str] | None = optional(_PARTICIPANTS)
    content: str = strawberry.field(description=_CONTENT)
    outcome: str | None = optional(_OUTCOME)
    intent: ModelIntent | None = optional("How much the customer wants to buy.")
    next_follow_up_at: DateTime | None = optional(_FOLLOW_UP)
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to an interaction: what is left out stays, null clears.")
class UpdateInteractionInput:
    """Fields of updateInteraction."""

    id: strawberry.ID = strawberry.field(description="The interaction.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    channel: ModelChannel | None = optional("The way by which one spoke.")
    occurred_at: DateTime | None = optional("When it happened: at most one day from now.")
    participants: list[str] | None = optional(f"{_PARTICIPANTS} The whole new list.")
    content: str | None = optional(_CONTENT)
    outcome: str | None = optional(_OUTCOME)
    intent: ModelIntent | None = optional("How much the customer wants to buy.")
    next_follow_up_at: DateTime | None = optional(_FOLLOW_UP)
    reason: str | None = optional(REASON)


@strawberry.input(description="An interaction to take off the record.")
class DeleteInteractionInput:
    """Fields of deleteInteraction."""

    id: strawberry.ID = strawberry.field(description="The interaction.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which interactions; all given conditions hold.")
class InteractionFilter:
    """Conditions on interactions."""

    and_: list["InteractionFilter"] | None = optional("All of these.", "and")
    or_: list["InteractionFilter"] | None = optional("One of these.", "or")
    not_: "InteractionFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The interaction's id.")
    customer_id: IdFilter | None = optional("The customer.")
    author_id: IdFilter | None = optional("Who wrote it.")
    channel: Filter[ModelChannel] | None = optional("The way by which one spoke.")
    intent: Filter[ModelIntent] | None = optional("How much the customer wants to buy.")
    occurred_at: DateTimeFilter | None = optional("When it happened.")
    next_follow_up_at: DateTimeFilter | None = optional("When to get in touch again.")
    content: StringFilter | None = optional("What was said.")
    created_at: DateTimeFilter | None = optional("When the record was made.")
    updated_at: DateTimeFilter | None = optional("When the record last changed.")


@strawberry.input(description="Which live changes: of interactions for which all given conditions hold.")
class InteractionChangeFilter:
    """Conditions on the business values that events carry."""

    id: IdFilter | None = optional("The interaction's id.")
    customer_id: IdFilter | None = optional("The customer.")
    author_id: IdFilter | None = optional("Who wrote it.")
    channel: Filter[ModelChannel] | None = optional("The way by which one spoke.")


@strawberry.enum(description="What interactions can be sorted by.")
class InteractionOrderField(Enum):
    """Values are document fields."""

    OCCURRED_AT = strawberry.enum_value("occurred_at", description="When it happened.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")
    NEXT_FOLLOW_UP_AT = strawberry.enum_value("next_follow_up_at", description="When to get in touch again.")


@strawberry.input(description="One key to sort interactions by.")
class InteractionOrder:
    """A sort key."""

    field: InteractionOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "customer_id": "customer_id",
    "author_id": "author_id",
    "channel": "channel",
    "intent": "intent",
    "occurred_at": "occurred_at",
    "next_follow_up_at": "next_follow_up_at",
    "content": "content",
    "created_at": "created_at",
    "updated_at": "updated_at",
}
LATEST_FIRST: Final = (Order("occurred_at", descending=True),)


def condition(given: InteractionFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; deleted interactions are in no list."""
    return every({"deleted": False}, condition_of(given, FIELDS), search_condition(search) if search else {})


LISTING: Final = Listing(
    "interactions", InteractionFilter, InteractionOrder, condition, LATEST_FIRST, "the latest to have happened first"
)


def details(of: RecordInteractionInput | UpdateInteractionInput) -> dict[str, Any]:
    """What an input sets, by attribute name; a null time of a new record is as good as none."""
    named = shared.details(of, apart=frozenset({"customer_id"}))
    if isinstance(of, RecordInteractionInput) and named.get("occurred_at") is None:
        named.pop("occurred_at", None)
    return named
