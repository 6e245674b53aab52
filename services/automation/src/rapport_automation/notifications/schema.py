"""Notifications in GraphQL: translate, call, translate."""

import strawberry

from rapport_automation.context import Info
from rapport_automation.notifications import model
from rapport_automation.notifications.inputs import LISTING, MarkNotificationsReadInput
from rapport_automation.notifications.service import UNREAD
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.federation.type(keys=["id"], description="A customer; the customers service owns it.")
class Customer:
    """What a notification is about."""

    id: strawberry.ID = strawberry.field(description="The customer's id.")


@strawberry.type(description="Something that you are told once.")
class Notification:
    """The GraphQL form of a notification."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    kind: model.NotificationKind = strawberry.field(description="What you are told.")
    customer_id: strawberry.ID = strawberry.field(description="The id of the customer that it is about.")
    by_id: strawberry.ID = strawberry.field(description="The id of who did it.")
    at: DateTime = strawberry.field(description="When it happened.")
    read_at: DateTime | None = strawberry.field(description="When you marked it as read.")

    @strawberry.field(description="The customer; null where you may not see it.")
    def customer(self) -> Customer | None:
        """A reference to the customers service's customer."""
        return Customer(id=self.customer_id)

    @classmethod
    def from_model(cls, notification: model.Notification) -> "Notification":
        """The public form."""
        return cls(
            id=strawberry.ID(notification.id),
            kind=notification.kind,
            customer_id=strawberry.ID(notification.customer_id),
            by_id=strawberry.ID(notification.by),
            at=DateTime(notification.at),
            read_at=None if notification.read_at is None else DateTime(notification.read_at),
        )


@strawberry.type(description="What came of marking notifications as read.")
class MarkNotificationsReadPayload:
    """Payload of markNotificationsRead."""

    marked: int = strawberry.field(default=0, description="How many were unread before.")
    unread: int = strawberry.field(default=0, description="How many still are.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class NotificationQuery:
    """Reading one's notifications."""

    @list_field("What you were told in the last 180 days.", LISTING)
    async def notifications(self, info: Info, query: ListQuery) -> Connection[Notification]:
        """A page."""
        service, by = info.context.notifications, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Notification.from_model, lambda: service.count(query.condition, by=by))

    @strawberry.field(description="How many notifications you have not read.")
    async def unread_notifications(self, info: Info) -> int:
        """Count now."""
        return await info.context.notifications.count(UNREAD, by=info.context.actor)


@strawberry.type
class NotificationMutation:
    """Reading one's notifications changes them."""

    @mutation("Mark notifications of yours as read.")
    async def mark_notifications_read(
        self, info: Info, input: MarkNotificationsReadInput
    ) -> MarkNotificationsReadPayload:
        """Mark."""
        marked, unread = await info.context.notifications.mark_read(given(input.ids), by=info.context.actor)
        return MarkNotificationsReadPayload(marked=marked, unread=unread)
