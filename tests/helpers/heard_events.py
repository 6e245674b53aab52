"""Events of other services, handled as the consumer handles them."""

from datetime import datetime
from typing import Any

from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope, Event
from rapport_shared.ids import new_event_id
from rapport_shared.persistence import Transactions


async def hear(
    transactions: Transactions[Any], handlers: Handlers[Any], event: Event, *, version: int, at: datetime
) -> None:
    """Handle an event that makes its subject that version."""
    envelope = Envelope(
        id=new_event_id(),
        routing_key=event.routing_key,
        source=f"/rapport/{event.routing_key.partition('.')[0]}",
        subject=event.subject,
        time=at,
        version=version,
        actor="usr_admin",
        correlation_id="c",
    )
    await transactions.run(lambda work: handlers[type(event)](event, envelope, work))
