"""The inputs of webhooks."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_automation.deliveries.model import DeliveryStatus
from rapport_automation.webhooks.model import PausedReason
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

Reason = strawberry.enum(PausedReason, name="WebhookPausedReason", description="Why a webhook is told nothing.")
Status = strawberry.enum(DeliveryStatus, name="DeliveryStatus", description="How far a delivery is.")
_EVENTS: Final = "Patterns of routing keys, such as customers.# or *.*.created.v1: * is one word, # any number."


@strawberry.input(description="A new webhook.")
class CreateWebhookInput:
    """Fields of createWebhook."""

    url: str = strawberry.field(description="Where events are POSTed to; HTTPS.")
    events: list[str] = strawberry.field(description=_EVENTS)
    description: str | None = optional("What it is for, 1 to 200 characters.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a webhook: what is left out stays.")
class UpdateWebhookInput:
    """Fields of updateWebhook."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    url: str | None = optional("Where events are POSTed to; HTTPS.")
    events: list[str] | None = optional(_EVENTS)
    description: str | None = optional("What it is for; null clears.")
    active: bool | None = optional("False pauses: events wait, for 30 days at most. True resumes with what waits.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A webhook to give a new secret.")
class RotateWebhookSecretInput:
    """Fields of rotateWebhookSecret."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A webhook to end.")
class DeleteWebhookInput:
    """Fields of deleteWebhook."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="What to tell a webhook again.")
class ReplayWebhookInput:
    """Fields of replayWebhook."""

    id: strawberry.ID = strawberry.field(description="The webhook.")
    since: DateTime = strawberry.field(description="From when on; deliveries are kept for 30 days.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A delivery to repeat.")
class RetryDeliveryInput:
    """Fields of retryDelivery."""

    webhook_id: strawberry.ID = strawberry.field(description="The webhook.")
    delivery_id: strawberry.ID = strawberry.field(description="The delivery.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Which webhooks; all given conditions hold.")
class WebhookFilter:
    """Conditions on webhooks."""

    id: IdFilter | None = optional("The webhook's id.")
    owner_id: IdFilter | None = optional("Whose it is.")
    paused_reason: Filter[PausedReason] | None = optional("Why it is paused; isNull for those that are not.")


@strawberry.enum(description="What webhooks can be sorted by.")
class WebhookOrderField(Enum):
    """Values are document fields."""

    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort webhooks by.")
class WebhookOrder:
    """A sort key."""

    field: WebhookOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


@strawberry.input(description="Which deliveries; all given conditions hold.")
class DeliveryFilter:
    """Conditions on deliveries."""

    status: Filter[DeliveryStatus] | None = optional("How far it is.")
    event_type: StringFilter | None = optional("The event's routing key.")
    created_at: DateTimeFilter | None = optional("When the event came.")


@strawberry.enum(description="What deliveries can be sorted by.")
class DeliveryOrderField(Enum):
    """Values are document fields."""

    EVENT = strawberry.enum_value("order", description="The event's id: when it happened.")


@strawberry.input(description="One key to sort deliveries by.")
class DeliveryOrder:
    """A sort key."""

    field: DeliveryOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


_FIELDS: Final = {"id": "_id", "owner_id": "owner_id", "paused_reason": "paused_reason"}
_DELIVERY_FIELDS: Final = {"status": "status", "event_type": "event_type", "created_at": "created_at"}


def condition(given: WebhookFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a part of the description or the URL."""
    found: dict[str, Any] = {}
    if search is not None:
        text = condition_of(_Searched(url=StringFilter(contains=search)), {"url": "url"})
        found = {"$or": [text, {"description": text["url"]}]}
    return every({"deleted": False}, condition_of(given, _FIELDS), found)


def delivery_condition(given: DeliveryFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for an event's or a record's id."""
    found = {} if search is None else {"$or": [{"order": search}, {"event_type": search}]}
    return every(condition_of(given, _DELIVERY_FIELDS), found)


@strawberry.input
class _Searched:
    url: StringFilter


LISTING: Final = Listing(
    "webhooks", WebhookFilter, WebhookOrder, condition, (Order("created_at", descending=True),), "the newest first"
)
DELIVERIES: Final = Listing(
    "deliveries",
    DeliveryFilter,
    DeliveryOrder,
    delivery_condition,
    (Order("order", descending=True),),
    "the newest first",
)
