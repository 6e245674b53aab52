"""Events of subject requests: somebody asks for a copy of all that is kept of a customer, or for its erasure.

No event holds any of it. A copy is read from each service, under the reader's rights; an erasure reaches the services
with ``customers.customer.erased``, in order with everything else that happens to the customer.
"""

from datetime import datetime

from rapport_shared.events import Event, event


@event("customers.subject.export_requested", version=1, subject="request_id")
class SubjectExportRequested(Event):
    """Every service is to say what it keeps of the customer, and to hold it ready for reading."""

    request_id: str
    customer_id: str


@event("customers.subject.erasure_requested", version=1, subject="request_id")
class SubjectErasureRequested(Event):
    """Everything personal about the customer is to go; the customers service has begun."""

    request_id: str
    customer_id: str


@event("customers.subject.progressed", version=1, subject="request_id")
class SubjectProgressed(Event):
    """A service has answered; ``completed`` once it was the last one."""

    request_id: str
    customer_id: str
    service: str
    completed: bool


@event("interactions.subject.exported", version=1, subject="request_id")
class InteractionsSubjectExported(Event):
    """The interactions service holds its part of a copy ready."""

    request_id: str
    customer_id: str
    records: int
    at: datetime


@event("interactions.subject.erased", version=1, subject="request_id")
class InteractionsSubjectErased(Event):
    """The interactions service has nothing personal about the customer any more."""

    request_id: str
    customer_id: str
    records: int
    at: datetime


@event("tasks.subject.exported", version=1, subject="request_id")
class TasksSubjectExported(Event):
    """The tasks service holds its part of a copy ready."""

    request_id: str
    customer_id: str
    records: int
    at: datetime


@event("tasks.subject.erased", version=1, subject="request_id")
class TasksSubjectErased(Event):
    """The tasks service has nothing personal about the customer any more."""

    request_id: str
    customer_id: str
    records: int
    at: datetime
