"""What this service does on events: every one of them is a delivery for the webhooks that listen to it."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from rapport_automation.deliveries.model import Delivery, DeliveryStatus
from rapport_automation.webhooks.values import matches
from rapport_automation.work import AutomationWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.delivery import Handlers
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


def _also(handler: Callable[[Any, Envelope, Any], Awaitable[None]]) -> Callable[[Any, Envelope, Any], Awaitable[None]]:
    async def both(event: Event, envelope: Envelope, work: AutomationWork) -> None:
        await handler(event, envelope, work)
        await on_event(event, envelope, work)

    return both


HANDLERS: Final[Handlers[AutomationWork]] = {
    event_type: _also(ACCESS_HANDLERS[event_type]) if event_type in ACCESS_HANDLERS else on_event
    for event_type in EVENT_TYPES.values()
}
