"""What this service does on others' events: one visible table."""

from rapport_customers.work import CustomersWork
from rapport_shared.access import ACCESS_HANDLERS
from rapport_shared.actor import SYSTEM
from rapport_shared.contracts.subjects import (
    InteractionsSubjectErased,
    InteractionsSubjectExported,
    TasksSubjectErased,
    TasksSubjectExported,
)
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope

SubjectAnswer = InteractionsSubjectExported | InteractionsSubjectErased | TasksSubjectExported | TasksSubjectErased


async def on_subject_answer(event: SubjectAnswer, envelope: Envelope, work: CustomersWork) -> None:
    """Another service has done its part of a subject request."""
    request = await work.subject_requests.load(event.request_id)
    if request is not None:
        service = envelope.routing_key.partition(".")[0]
        request.complete(service, records=event.records, at=event.at)
        await work.subject_requests.save(request, by=SYSTEM)


HANDLERS: Handlers[CustomersWork] = {
    **ACCESS_HANDLERS,
    InteractionsSubjectExported: on_subject_answer,
    InteractionsSubjectErased: on_subject_answer,
    TasksSubjectExported: on_subject_answer,
    TasksSubjectErased: on_subject_answer,
}
