"""What this service does on events: each is a delivery for the webhooks that listen to it, some are news for people."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from rapport_automation.deliveries.model import Delivery, DeliveryStatus
from rapport_automation.notifications.model import of_priority, prioritises
from rapport_automation.webhooks.listening import Listening
from rapport_automation.webhooks.values import matches
from rapport_automation.work import AutomationWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.contracts.customers import CustomerCreated, CustomerUpdated
from rapport_shared.delivery import Handlers, Shortcuts
from rapport_shared.events import EVENT_TYPES, Envelope, Event, encode


async def on_event(event: Event, envelope: Envelope, work: AutomationWork) -> None:
    """Every webhook that listens to such events is to be told; what it may know is decided when it is told."""
    listening = await work.webhooks.listening()
    now = work.clock()
    await work.deliveries.add(
        Delivery(
            id=f"{webhook.id}:{envelope.id}",
            webhook_id=webhook.id,
            lane=f"{webhook.id}:{envelope.subject}",
            order=envelope.id,
            event_type=envelope.routing_key,
            body=encode(envelope, event),
            status=DeliveryStatus.PENDING,
            attempts=0,
            next_at=now,
            created_at=now,
        )
        for webhook in listening
        if matches(webhook.events, envelope.routing_key)
    )


async def on_customer(event: CustomerCreated | CustomerUpdated, envelope: Envelope, work: AutomationWork) -> None:
    """The team of who looks after a customer is told that it matters much now."""
    owner_id = event.after.owner_id
    if owner_id is not None and prioritises(event):
        team = await work.users.team_of(owner_id)
        await work.notifications.add(of_priority(event.customer_id, envelope, team))


_OWN: Final[dict[type[Event], Callable[[Any, Envelope, Any], Awaitable[None]]]] = {
    **ACCESS_HANDLERS,
    CustomerCreated: on_customer,
    CustomerUpdated: on_customer,
}


def _also(handler: Callable[[Any, Envelope, Any], Awaitable[None]]) -> Callable[[Any, Envelope, Any], Awaitable[None]]:
    async def both(event: Event, envelope: Envelope, work: AutomationWork) -> None:
        await handler(event, envelope, work)
        await on_event(event, envelope, work)

    return both


HANDLERS: Final[Handlers[AutomationWork]] = {
    event_type: _also(_OWN[event_type]) if event_type in _OWN else on_event for event_type in EVENT_TYPES.values()
}


def shortcuts(listening: Listening) -> Shortcuts:
    """An event that no webhook listens to is none of this service's, but for those that it handles itself."""

    async def is_nobodys(event: Event, envelope: Envelope) -> bool:
        if isinstance(event, CustomerCreated | CustomerUpdated) and prioritises(event):
            return False
        return not await listening.any_to(envelope.routing_key)

    return {event_type: is_nobodys for event_type in EVENT_TYPES.values() if event_type not in ACCESS_HANDLERS}
