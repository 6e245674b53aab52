"""What the resolvers of this service have at hand."""

from dataclasses import dataclass
from functools import cached_property

import strawberry
from strawberry.dataloader import DataLoader

from rapport_automation.deliveries.model import Delivery
from rapport_automation.deliveries.repository import DeliveryRepository
from rapport_automation.notifications.service import NotificationService
from rapport_automation.replays.service import ReplayService
from rapport_automation.webhooks.model import Webhook
from rapport_automation.webhooks.service import WebhookService
from rapport_shared.graphql.context import RequestContext
from rapport_shared.graphql.loaders import NestedLists, by_id


@dataclass(kw_only=True)
class Context(RequestContext):
    """One request's context."""

    webhooks: WebhookService
    replays: ReplayService
    deliveries: DeliveryRepository
    notifications: NotificationService

    @cached_property
    def webhook_by_id(self) -> DataLoader[str, Webhook | None]:
        """Webhooks within the caller's reach."""
        return by_id(lambda identifiers: self.webhooks.find_many(identifiers, by=self.actor))

    @cached_property
    def deliveries_of_webhook(self) -> NestedLists[Delivery]:
        """The deliveries of webhooks that were found within the caller's reach."""
        return NestedLists(self.deliveries.nested_pages, self.deliveries.nested_counts)


Info = strawberry.Info[Context, None]
