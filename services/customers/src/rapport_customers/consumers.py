"""What this service does on others' events: one visible table."""

from typing import Final

from rapport_customers.projections.touches import INTERACTIONS, TASKS, Telling
from rapport_customers.transfers.model import DEACTIVATED, Transfer
from rapport_customers.transfers.service import ID_PREFIX
from rapport_customers.work import CustomersWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.actor import SYSTEM
from rapport_shared.contracts.identity import UserUpdated
from rapport_shared.contracts.interactions import InteractionDeleted, InteractionRecorded, InteractionUpdated
from rapport_shared.contracts.subjects import (
    InteractionsSubjectErased,
    InteractionsSubjectExported,
    TasksSubjectErased,
    TasksSubjectExported,
)
from rapport_shared.contracts.tasks import TaskCancelled, TaskCompleted, TaskCreated, TaskReopened, TaskUpdated
from rapport_shared.contracts.transfers import TasksTransferred
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope
from rapport_shared.ids import new_id
from rapport_shared.rights import EVERYTHING

SubjectAnswer = InteractionsSubjectExported | InteractionsSubjectErased | TasksSubjectExported | TasksSubjectErased
InteractionFact = InteractionRecorded | InteractionUpdated | InteractionDeleted
TaskFact = TaskCreated | TaskUpdated | TaskCompleted | TaskReopened | TaskCancelled
ENDED_TASKS: Final = frozenset({"DONE", "CANCELLED"})


async def on_subject_answer(event: SubjectAnswer, envelope: Envelope, work: CustomersWork) -> None:
    """Another service has done its part of a subject request."""
    request = await work.subject_requests.load(event.request_id)
    if request is not None:
        service = envelope.routing_key.partition(".")[0]
        request.complete(service, records=event.records, at=event.at)
        await work.subject_requests.save(request, by=SYSTEM)


async def on_interaction(event: InteractionFact, envelope: Envelope, work: CustomersWork) -> None:
    """A customer was spoken with, or was not after all."""
    interaction = event.after
    told = await work.touches.keep_interaction(
        event.interaction_id,
        _telling(event, envelope),
        customer_id=interaction.customer_id,
        occurred_at=interaction.occurred_at,
        deleted=interaction.deleted,
        intent=interaction.intent,
    )
    for customer_id in sorted(told):
        await work.learn_touches(customer_id, [INTERACTIONS])


async def on_task(event: TaskFact, envelope: Envelope, work: CustomersWork) -> None:
    """There is something to do about a customer, or it is done."""
    task = event.after
    told = await work.touches.keep_task(
        event.task_id,
        _telling(event, envelope),
        customer_id=task.customer_id,
        is_open=task.status not in ENDED_TASKS,
        due_at=task.due_at,
    )
    for customer_id in sorted(told):
        await work.learn_touches(customer_id, [TASKS])


def _telling(event: InteractionFact | TaskFact, envelope: Envelope) -> Telling:
    states = (event.after, None if isinstance(event, InteractionRecorded | TaskCreated) else event.before)
    named = frozenset(state.customer_id for state in states if state is not None and state.customer_id is not None)
    return Telling(envelope.version, envelope.time, named)


async def on_user_updated(event: UserUpdated, envelope: Envelope, work: CustomersWork) -> None:
    """Who is not active any more looks after nobody: customers go to the pool, and tasks are nobody's."""
    await ACCESS_HANDLERS[UserUpdated](event, envelope, work)
    if event.before.active and not event.after.active:
        transfer = Transfer.start(
            new_id(ID_PREFIX),
            from_id=event.user_id,
            to_id=None,
            customers=True,
            tasks=True,
            customer_ids=None,
            note=DEACTIVATED,
            by=SYSTEM,
            now=envelope.time,
        )
        await work.transfers.save(transfer, by=SYSTEM)


async def on_tasks_transferred(event: TasksTransferred, envelope: Envelope, work: CustomersWork) -> None:
    """The tasks of a transfer are moved."""
    transfer = await work.transfers.find(event.transfer_id, EVERYTHING)
    if transfer is not None:
        transfer.tasks_done(event.records, now=envelope.time)
        await work.transfers.store(transfer, by=SYSTEM)


HANDLERS: Handlers[CustomersWork] = {
    **ACCESS_HANDLERS,
    InteractionRecorded: on_interaction,
    InteractionUpdated: on_interaction,
    InteractionDeleted: on_interaction,
    TaskCreated: on_task,
    TaskUpdated: on_task,
    TaskCompleted: on_task,
    TaskReopened: on_task,
    TaskCancelled: on_task,
    UserUpdated: on_user_updated,
    TasksTransferred: on_tasks_transferred,
    InteractionsSubjectExported: on_subject_answer,
    InteractionsSubjectErased: on_subject_answer,
    TasksSubjectExported: on_subject_answer,
    TasksSubjectErased: on_subject_answer,
}
