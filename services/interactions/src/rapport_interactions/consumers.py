"""What this service does on others' events: one visible table."""

from rapport_interactions.projections.customers import CustomerEvent, keep_customer
from rapport_interactions.work import SOURCES, InteractionsWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.actor import SYSTEM
from rapport_shared.contracts.customers import (
    CustomerCreated,
    CustomerDeleted,
    CustomerErased,
    CustomerRestored,
    CustomersOwner,
    CustomerUpdated,
)
from rapport_shared.contracts.interactions import InteractionsHandedOver
from rapport_shared.contracts.subjects import (
    InteractionsSubjectErased,
    InteractionsSubjectExported,
    SubjectExportRequested,
)
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope
from rapport_shared.persistence.subject_parts import count_and_answer, erase_and_answer


async def on_customer(event: CustomerEvent, envelope: Envelope, work: InteractionsWork) -> None:
    """Know the customer; its interactions follow it to its owner, their versions stay: they did not change."""
    customer_id, owner_id = event.customer_id, event.after.owner_id
    known = await work.customers.find(customer_id)
    is_news = await keep_customer(work.customers, event, envelope)
    if is_news and await work.interactions.hand_over(customer_id, owner_id) and known is not None:
        before, after = CustomersOwner(owner_id=known["owner_id"]), CustomersOwner(owner_id=owner_id)
        told = InteractionsHandedOver(customer_id=customer_id, before=before, after=after)
        await work.outbox.append_events([(envelope.version, told)], by=SYSTEM)


async def on_customer_erased(event: CustomerErased, envelope: Envelope, work: InteractionsWork) -> None:
    """Nothing that was said stays, and nothing is recorded any more: the customer's own record says so here too."""
    await on_customer(event, envelope, work)
    await erase_and_answer(work, work.interactions, event, envelope, InteractionsSubjectErased)


async def on_export_requested(event: SubjectExportRequested, envelope: Envelope, work: InteractionsWork) -> None:
    """The customer's communications can be read by whoever may read the request."""
    await count_and_answer(work, SOURCES, event, envelope, InteractionsSubjectExported)


HANDLERS: Handlers[InteractionsWork] = {
    **ACCESS_HANDLERS,
    CustomerCreated: on_customer,
    CustomerUpdated: on_customer,
    CustomerDeleted: on_customer,
    CustomerRestored: on_customer,
    CustomerErased: on_customer_erased,
    SubjectExportRequested: on_export_requested,
}
