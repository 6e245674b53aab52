"""What this service does on others' events: one visible table."""

from rapport_interactions.projections.customers import KnownCustomers
from rapport_interactions.work import SOURCES, InteractionsWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.actor import SYSTEM
from rapport_shared.contracts.customers import (
    CustomerCreated,
    CustomerDeleted,
    CustomerErased,
    CustomerMerged,
    CustomerPurged,
    CustomerRestored,
    CustomersOwner,
    CustomerUnmerged,
    CustomerUpdated,
)
from rapport_shared.contracts.interactions import InteractionsHandedOver
from rapport_shared.contracts.subjects import (
    InteractionsSubjectErased,
    InteractionsSubjectExported,
    SubjectExportRequested,
)
from rapport_shared.delivery import Handlers, Shortcuts
from rapport_shared.events import Envelope
from rapport_shared.persistence.families import bring_home
from rapport_shared.persistence.known_customers import CustomerEvent, MergeEvent
from rapport_shared.persistence.subject_parts import count_and_answer, erase_and_answer, erase_records


async def on_customer(event: CustomerEvent, envelope: Envelope, work: InteractionsWork) -> None:
    """Know the customer; its interactions follow it to its owner, their versions stay: they did not change."""
    customer_id, owner_id = event.customer_id, event.after.owner_id
    known = await work.customers.find(customer_id)
    is_news = await work.customers.take_over(event, envelope)
    if is_news and await work.interactions.hand_over(customer_id, owner_id) and known is not None:
        before, after = CustomersOwner(owner_id=known["owner_id"]), CustomersOwner(owner_id=owner_id)
        told = InteractionsHandedOver(customer_id=customer_id, before=before, after=after)
        await work.outbox.append_events([(envelope.version, told)], by=SYSTEM)


async def on_customer_merged(event: MergeEvent, envelope: Envelope, work: InteractionsWork) -> None:
    """What was made for the customer follows it to whom it was found to be, and back again."""
    await work.customers.take_over(event, envelope)
    if await bring_home(work.customers, work.interactions, event.customer_id):
        survivor = await work.customers.find(event.survivor_id)
        merged, other = event.after.owner_id, None if survivor is None else survivor["owner_id"]
        is_merge = event.after.merged_into_id is not None
        told = InteractionsHandedOver(
            customer_id=event.survivor_id if is_merge else event.customer_id,
            before=CustomersOwner(owner_id=merged if is_merge else other),
            after=CustomersOwner(owner_id=other if is_merge else merged),
            merged_customer_id=event.customer_id,
        )
        await work.outbox.append_events([(envelope.version, told)], by=SYSTEM)


async def on_customer_erased(event: CustomerErased, envelope: Envelope, work: InteractionsWork) -> None:
    """Nothing that was said stays, and nothing is recorded any more: the customer's own record says so here too."""
    await on_customer(event, envelope, work)
    await erase_and_answer(work, work.interactions, event, envelope, InteractionsSubjectErased)


async def on_customer_purged(event: CustomerPurged, envelope: Envelope, work: InteractionsWork) -> None:
    """The customer is gone for good: no text about it stays."""
    await on_customer(event, envelope, work)
    await erase_records(work, work.interactions, event.customer_id, at=envelope.time)


async def on_export_requested(event: SubjectExportRequested, envelope: Envelope, work: InteractionsWork) -> None:
    """The customer's communications can be read by whoever may read the request."""
    await count_and_answer(work, SOURCES, event, envelope, InteractionsSubjectExported)


HANDLERS: Handlers[InteractionsWork] = {
    **ACCESS_HANDLERS,
    CustomerCreated: on_customer,
    CustomerUpdated: on_customer,
    CustomerDeleted: on_customer,
    CustomerRestored: on_customer,
    CustomerMerged: on_customer_merged,
    CustomerUnmerged: on_customer_merged,
    CustomerErased: on_customer_erased,
    CustomerPurged: on_customer_purged,
    SubjectExportRequested: on_export_requested,
}


def shortcuts(customers: KnownCustomers) -> Shortcuts:
    """Most changes of a customer are none of what is kept of it here."""
    return dict.fromkeys((CustomerCreated, CustomerUpdated), customers.settles)
