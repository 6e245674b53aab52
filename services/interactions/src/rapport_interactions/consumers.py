"""What this service does on others' events: one visible table."""

from rapport_interactions.projections.customers import CustomerEvent, keep_customer
from rapport_interactions.work import InteractionsWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.contracts.customers import CustomerCreated, CustomerDeleted, CustomerRestored, CustomerUpdated
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope


async def on_customer(event: CustomerEvent, envelope: Envelope, work: InteractionsWork) -> None:
    """Know the customer; its interactions follow it to its owner, silently: they did not change themselves."""
    if await keep_customer(work.customers, event, envelope):
        await work.interactions.hand_over(event.customer_id, event.after.owner_id)


HANDLERS: Handlers[InteractionsWork] = {
    **ACCESS_HANDLERS,
    CustomerCreated: on_customer,
    CustomerUpdated: on_customer,
    CustomerDeleted: on_customer,
    CustomerRestored: on_customer,
}
