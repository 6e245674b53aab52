"""The use cases of the work queue."""

from collections.abc import Collection
from dataclasses import dataclass

from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import CustomerService
from rapport_customers.handling.service import HandlingService
from rapport_customers.work_queue.model import WorkReason, queue_of, reasons_for, reasons_under
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.mongo import Page, PageRequest


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A customer that is to be dealt with, and why."""

    customer: Customer
    reasons: list[WorkReason]


class WorkQueueService:
    """A user's own customers that are due, as far as the caller (``by``) reaches them: each is two queries."""

    def __init__(self, customers: CustomerService, handling: HandlingService, clock: Clock) -> None:
        self._customers = customers
        self._handling = handling
        self._clock = clock

    async def page(
        self, user_id: str, wanted: Collection[WorkReason] | None, request: PageRequest, *, by: Actor
    ) -> Page[WorkItem]:
        """One page, for the wanted reasons. Raises Forbidden for who may read no customers."""
        reasons, now = reasons_under(await self._handling.current(by=by)), self._clock()
        page = await self._customers.page(queue_of(user_id, reasons, wanted, now), request, by=by)
        return page.of([WorkItem(customer, reasons_for(customer, reasons, now)) for customer in page.items])

    async def count(self, user_id: str, wanted: Collection[WorkReason] | None, *, by: Actor) -> int:
        """How many there are."""
        reasons = reasons_under(await self._handling.current(by=by))
        return await self._customers.count(queue_of(user_id, reasons, wanted, self._clock()), by=by)
