"""The inputs of interactions: what they mean as attribute names, database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_interactions.interactions.model import Channel as ModelChannel
from rapport_interactions.interactions.model import Intent as ModelIntent
from rapport_interactions.interactions.service import search_condition
from rapport_shared.errors import BadInput
from rapport_shared.graphql.arguments import MAX_SEARCH, SortDirection
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order

Channel = strawberry.enum(ModelChannel, name="Channel", description="The way by which one spoke.")
Intent = strawberry.enum(ModelIntent, name="Intent", description="How much the customer wants to buy.")

_EXPECTED = "The version that you have seen; the change is refused when the record has another one by now."
_REASON = "Why, for the record."
_PARTICIPANTS = "Who took part: at most 100 names of 1 to 200 characters."
_CONTENT = "What was said, 1 to 20,000 characters; line breaks are kept."
_OUTCOME = "What came of it, 1 to 2,000 characters; line breaks are kept."
_FOLLOW_UP = "When to get in touch again: any instant after the interaction."


def optional(description: str) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=UNSET, description=description)


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
    idempotency_key: str | None = optional("Repeat a request with the same key, and it is done once.")


@strawberry.input(description="Changes to an interaction: what is left out stays, null clears.")
class UpdateInteractionInput:
    """Fields of updateInteraction."""

    id: strawberry.ID = strawberry.field(description="The interaction.")
    expected_version: int | None = optional(_EXPECTED)
    channel: ModelChannel | None = optional("The way by which one spoke.")
    occurred_at: DateTime | None = optional("When it happened: at most one day from now.")
    participants: list[str] | None = optional(f"{_PARTICIPANTS} The whole new list.")
    content: str | None = optional(_CONTENT)
    outcome: str | None = optional(_OUTCOME)
    intent: ModelIntent | None = optional("How much the customer wants to buy.")
    next_follow_up_at: DateTime | None = optional(_FOLLOW_UP)
    reason: str | None = optional(_REASON)


@strawberry.input(description="An interaction to take off the record.")
class DeleteInteractionInput:
    """Fields of deleteInteraction."""

    id: strawberry.ID = strawberry.field(description="The interaction.")
    expected_version: int | None = optional(_EXPECTED)
    reason: str | None = optional(_REASON)


@strawberry.input(description="Which interactions; all given conditions hold.")
class InteractionFilter:
    """Conditions on interactions."""

    and_: list["InteractionFilter"] | None = strawberry.field(default=UNSET, name="and", description="All of these.")
    or_: list["InteractionFilter"] | None = strawberry.field(default=UNSET, name="or", description="One of these.")
    not_: "InteractionFilter | None" = strawberry.field(default=UNSET, name="not", description="Not this.")
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
    parts: list[dict[str, Any]] = [{"deleted": False}, condition_of(given, FIELDS)]
    if search is not None and search.strip():
        if len(search) > MAX_SEARCH:
            raise BadInput(f"A search has at most {MAX_SEARCH} characters.")
        parts.append(search_condition(search))
    return {"$and": [part for part in parts if part]}


def orders(given: list[InteractionOrder] | None) -> tuple[Order, ...]:
    """The sort keys; the latest first where none is given."""
    if not given:
        return LATEST_FIRST
    return tuple(Order(str(key.field.value), descending=key.direction is SortDirection.DESC) for key in given)


def details(given: RecordInteractionInput | UpdateInteractionInput) -> dict[str, Any]:
    """What an input sets, by attribute name; what it leaves out is absent, as is a null time of a new record."""
    apart = {"id", "customer_id", "expected_version", "reason", "idempotency_key"}
    named = {name: value for name, value in vars(given).items() if name not in apart and value is not UNSET}
    if isinstance(given, RecordInteractionInput) and named.get("occurred_at") is None:
        named.pop("occurred_at", None)
    return named


def expected_version(given: UpdateInteractionInput | DeleteInteractionInput) -> int | None:
    """The version that the caller has seen, where it says so."""
    return None if given.expected_version is UNSET else given.expected_version
