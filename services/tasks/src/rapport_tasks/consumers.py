"""What this service does on others' events: one visible table."""

from functools import partial

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
from rapport_shared.contracts.interactions import InteractionDeleted, InteractionRecorded, InteractionUpdated
from rapport_shared.contracts.subjects import SubjectExportRequested, TasksSubjectErased, TasksSubjectExported
from rapport_shared.contracts.tasks import TasksHandedOver
from rapport_shared.contracts.transfers import TransferStarted
from rapport_shared.delivery import Handlers, Shortcuts
from rapport_shared.events import Envelope
from rapport_shared.mongo import Projection
from rapport_shared.persistence.families import bring_home
from rapport_shared.persistence.known_customers import CustomerEvent, MergeEvent
from rapport_shared.persistence.subject_parts import count_and_answer, erase_and_answer, erase_records
from rapport_tasks.projections.customers import Customers
from rapport_tasks.tasks.follow_ups import InteractionEvent, confirm_follow_up, keep_follow_up
from rapport_tasks.work import SOURCES, TasksWork


async def on_customer(event: CustomerEvent, envelope: Envelope, work: TasksWork) -> None:
    """A customer can have tasks from now on, or not any more; its owner reaches those that it has."""
    customer_id, owner_id = event.customer_id, event.after.owner_id
    known = await work.customers.find(customer_id)
    is_news = await work.customers.take_over(event, envelope)
    if is_news and await work.tasks.hand_over(customer_id, owner_id) and known is not None:
        before, after = CustomersOwner(owner_id=known["owner_id"]), CustomersOwner(owner_id=owner_id)
        told = TasksHandedOver(customer_id=customer_id, before=before, after=after)
        await work.outbox.append_events([(envelope.version, told)], by=SYSTEM)


async def on_interaction(event: InteractionEvent, envelope: Envelope, work: TasksWork) -> None:
    """A communication asks for a follow-up, for another time, or for none."""
    await keep_follow_up(work, event, envelope)


async def on_customer_merged(event: MergeEvent, envelope: Envelope, work: TasksWork) -> None:
    """What was made for the customer follows it to whom it was found to be, and back again."""
    await work.customers.take_over(event, envelope)
    if await bring_home(work.customers, work.tasks, event.customer_id):
        survivor = await work.customers.find(event.survivor_id)
        merged, other = event.after.owner_id, None if survivor is None else survivor["owner_id"]
        is_merge = event.after.merged_into_id is not None
        told = TasksHandedOver(
            customer_id=event.survivor_id if is_merge else event.customer_id,
            before=CustomersOwner(owner_id=merged if is_merge else other),
            after=CustomersOwner(owner_id=other if is_merge else merged),
            merged_customer_id=event.customer_id,
        )
        await work.outbox.append_events([(envelope.version, told)], by=SYSTEM)


async def on_customer_erased(event: CustomerErased, envelope: Envelope, work: TasksWork) -> None:
    """No text about the customer stays, and no task can be about it any more."""
    await on_customer(event, envelope, work)
    await erase_and_answer(work, work.tasks, event, envelope, TasksSubjectErased)


async def on_customer_purged(event: CustomerPurged, envelope: Envelope, work: TasksWork) -> None:
    """The customer is gone for good: no text about it stays."""
    await on_customer(event, envelope, work)
    await erase_records(work, work.tasks, event.customer_id, at=envelope.time)


async def on_export_requested(event: SubjectExportRequested, envelope: Envelope, work: TasksWork) -> None:
    """The tasks about the customer can be read by whoever may read the request."""
    await count_and_answer(work, SOURCES, event, envelope, TasksSubjectExported)


async def on_transfer_started(event: TransferStarted, envelope: Envelope, work: TasksWork) -> None:
    """Tasks become another's: the worker moves them, step by step."""
    if event.after.tasks:
        await work.transfers.begin(event, envelope.actor)


HANDLERS: Handlers[TasksWork] = {
    **ACCESS_HANDLERS,
    TransferStarted: on_transfer_started,
    CustomerCreated: on_customer,
    CustomerUpdated: on_customer,
    CustomerDeleted: on_customer,
    CustomerRestored: on_customer,
    CustomerMerged: on_customer_merged,
    CustomerUnmerged: on_customer_merged,
    CustomerErased: on_customer_erased,
    CustomerPurged: on_customer_purged,
    SubjectExportRequested: on_export_requested,
    InteractionRecorded: on_interaction,
    InteractionUpdated: on_interaction,
    InteractionDeleted: on_interaction,
}


def shortcuts(customers: Customers, interactions: Projection) -> Shortcuts:
    """Most changes of a customer are none of what is kept of it here, and most communications want no follow-up."""
    told = InteractionRecorded, InteractionUpdated, InteractionDeleted
    return {
        **dict.fromkeys((CustomerCreated, CustomerUpdated), customers.settles),
        **dict.fromkeys(told, partial(confirm_follow_up, interactions)),
    }
