"""Webhooks in GraphQL: translate, call, translate."""

import strawberry

from rapport_automation.context import Info
from rapport_automation.deliveries.model import Delivery as DeliveryModel
from rapport_automation.deliveries.model import DeliveryStatus
from rapport_automation.webhooks import model
from rapport_automation.webhooks.inputs import (
    DELIVERIES,
    LISTING,
    CreateWebhookInput,
    DeleteWebhookInput,
    ReplayWebhookInput,
    RetryDeliveryInput,
    RotateWebhookSecretInput,
    UpdateWebhookInput,
)
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="One event for one webhook.")
class Delivery:
    """The GraphQL form of a delivery."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    event_id: strawberry.ID = strawberry.field(description="The event's id; the header `webhook-id`.")
    event_type: str = strawberry.field(description="The event's routing key.")
    status: DeliveryStatus = strawberry.field(description="How far it is.")
    attempts: int = strawberry.field(description="How often it was tried.")
    next_at: DateTime | None = strawberry.field(description="When it is tried next.")
    last_status: int | None = strawberry.field(description="The HTTP status of the last try.")
    last_error: str | None = strawberry.field(
        description="Why there was none: TIMEOUT, CONNECTION_FAILED, TLS_FAILED, HOST_NOT_FOUND, TARGET_NOT_ALLOWED."
    )
    created_at: DateTime = strawberry.field(description="When the event came.")
    finished_at: DateTime | None = strawberry.field(description="When it was delivered, failed or skipped.")

    @classmethod
    def from_model(cls, delivery: DeliveryModel) -> "Delivery":
        """The public form."""
        pending = delivery.status is DeliveryStatus.PENDING
        return cls(
            id=strawberry.ID(delivery.id),
            event_id=strawberry.ID(delivery.order),
            event_type=delivery.event_type,
            status=delivery.status,
            attempts=delivery.attempts,
            next_at=DateTime(delivery.next_at) if pending else None,
            last_status=delivery.last_status,
            last_error=delivery.last_error,
            created_at=DateTime(delivery.created_at),
            finished_at=None if delivery.finished_at is None else DateTime(delivery.finished_at),
        )


@strawberry.federation.type(keys=["id"], description="Tells another system of events, as its owner may know of them.")
class Webhook:
    """The GraphQL form of a webhook; its secrets are not part of it."""

    id: strawberry.ID = strawberry.field(description="Its id, `whk_…`.")
    owner_id: strawberry.ID = strawberry.field(description="The id of whose rights decide on what it is told.")
    url: str = strawberry.field(description="Where events are POSTed to.")
    events: list[str] = strawberry.field(description="Patterns of routing keys.")
    description: str | None = strawberry.field(description="What it is for.")
    active: bool = strawberry.field(description="Whether it is told of events now.")
    paused_reason: model.PausedReason | None = strawberry.field(description="Why it is told nothing.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @list_field("What it was told, and what it is to be told.", DELIVERIES)
    async def deliveries(self, info: Info, query: ListQuery) -> Connection[Delivery]:
        """One query for any number of webhooks."""
        return await nested_connection(info.context.deliveries_of_webhook, str(self.id), query, Delivery.from_model)

    @classmethod
    def from_model(cls, webhook: model.Webhook) -> "Webhook":
        """The public form."""
        return cls(
            id=strawberry.ID(webhook.id),
            owner_id=strawberry.ID(webhook.owner_id),
            url=webhook.url,
            events=list(webhook.events),
            description=webhook.description,
            active=webhook.state().active,
            paused_reason=webhook.paused_reason,
            created_at=DateTime(webhook.created_at),
            updated_at=DateTime(webhook.updated_at),
            version=webhook.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Webhook | None":
        """The webhook of a representation, unless it is out of reach."""
        found = await info.context.webhook_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The webhook after a change, or what is wrong.")
class WebhookPayload:
    """Payload of webhook mutations."""

    webhook: Webhook | None = strawberry.field(default=None, description="The webhook as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, webhook: model.Webhook) -> "WebhookPayload":
        """The payload of success."""
        return cls(webhook=Webhook.from_model(webhook))


@strawberry.type(description="The webhook with a new secret, or what is wrong.")
class WebhookSecretPayload:
    """Payload of createWebhook and rotateWebhookSecret."""

    webhook: Webhook | None = strawberry.field(default=None, description="The webhook as it stands now.")
    secret: str | None = strawberry.field(
        default=None, description="Verifies signatures (Standard Webhooks); it is shown this once."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, webhook: model.Webhook) -> "WebhookSecretPayload":
        """The payload of a conflict: without the secret."""
        return cls(webhook=Webhook.from_model(webhook))

    @classmethod
    def with_secret(cls, webhook: model.Webhook) -> "WebhookSecretPayload":
        """The payload of success."""
        return cls(webhook=Webhook.from_model(webhook), secret=webhook.secret)


@strawberry.type(description="How many events will be told again, or what is wrong.")
class ReplayPayload:
    """Payload of replayWebhook and retryDelivery."""

    events: int | None = strawberry.field(default=None, description="How many events will be told again.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class WebhookQuery:
    """Reading webhooks."""

    @strawberry.field(description="One webhook; null where there is none, or none that you may see.")
    async def webhook(self, info: Info, id: strawberry.ID) -> Webhook | None:
        """By id."""
        found = await info.context.webhooks.find(id, by=info.context.actor)
        return None if found is None else Webhook.from_model(found)

    @list_field("The webhooks that you may see.", LISTING)
    async def webhooks(self, info: Info, query: ListQuery) -> Connection[Webhook]:
        """A page."""
        service, by = info.context.webhooks, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Webhook.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class WebhookMutation:
    """Changing webhooks."""

    @mutation("Have another system told of events.")
    async def create_webhook(self, info: Info, input: CreateWebhookInput) -> WebhookSecretPayload:
        """Create."""
        made = await info.context.webhooks.create(
            details(input), idempotency_key=given(input.idempotency_key), by=info.context.actor
        )
        return WebhookSecretPayload.with_secret(made)

    @mutation("Change, pause or resume a webhook.")
    async def update_webhook(self, info: Info, input: UpdateWebhookInput) -> WebhookPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.webhooks.update(
            input.id, details(input), expected_version=expected, by=info.context.actor
        )
        return WebhookPayload.of(changed)

    @mutation("Give a webhook a new secret; for a day, both sign.")
    async def rotate_webhook_secret(self, info: Info, input: RotateWebhookSecretInput) -> WebhookSecretPayload:
        """Rotate."""
        expected = given(input.expected_version)
        changed = await info.context.webhooks.rotate_secret(input.id, expected_version=expected, by=info.context.actor)
        return WebhookSecretPayload.with_secret(changed)

    @mutation("End a webhook.")
    async def delete_webhook(self, info: Info, input: DeleteWebhookInput) -> WebhookPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.webhooks.delete(input.id, expected_version=expected, by=info.context.actor)
        return WebhookPayload.of(gone)

    @mutation("Tell a webhook again what happened.")
    async def replay_webhook(self, info: Info, input: ReplayWebhookInput) -> ReplayPayload:
        """Replay."""
        return ReplayPayload(events=await info.context.webhooks.replay(input.id, input.since, by=info.context.actor))

    @mutation("Tell a webhook one event again.")
    async def retry_delivery(self, info: Info, input: RetryDeliveryInput) -> ReplayPayload:
        """Retry."""
        by = info.context.actor
        return ReplayPayload(events=await info.context.webhooks.retry(input.webhook_id, input.delivery_id, by=by))
