"""The use cases of data quality."""

from dataclasses import dataclass
from typing import Final

from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import TYPE, CustomerService
from rapport_customers.duplicates.service import MARKED
from rapport_customers.handling.service import HandlingService
from rapport_customers.quality.model import Measure, QualityRule, mended
from rapport_customers.quality.tokens import NORMAL, QUALITY, mendable
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.mongo import Order, Page, PageRequest, every
from rapport_shared.persistence import transactional
from rapport_shared.rights import Policy, Reach, Verb

MENDED_AT_ONCE: Final = 50


@dataclass(frozen=True, slots=True)
class Finding:
    """A customer with something wrong: the fields at fault, by their names in the schema."""

    customer: Customer
    fields: list[str]
    mendable: bool


class QualityService:
    """What is wrong among the customers, and with the fields, that the caller (``by``) sees."""

    def __init__(self, customers: CustomerService, handling: HandlingService, policy: Policy, clock: Clock) -> None:
        self.transactions = customers.transactions
        self._customers = customers
        self._handling = handling
        self._policy = policy
        self._clock = clock

    async def measure(self, *, by: Actor) -> Measure:
        """What records are held against. Raises Forbidden for who may read no customers."""
        return Measure(
            handling=await self._handling.current(by=by),
            hidden=self._policy.fields(by, TYPE).hidden,
            everything=self._customers.scope(by).reach is Reach.ALL,
            duplicates=MARKED,
            now=self._clock(),
        )

    async def count(self, rule: QualityRule, measure: Measure, *, by: Actor) -> int | None:
        """How many findings there are; None where the caller may not be told."""
        condition = measure.condition(rule)
        return None if condition is None else await self._customers.count(condition, by=by)

    async def page(self, rule: QualityRule, measure: Measure, request: PageRequest, *, by: Actor) -> Page[Finding]:
        """One page of the findings; an empty one where the caller may not be told."""
        condition = measure.condition(rule)
        if condition is None:
            return Page([], [], has_next=False, has_previous=False)
        page = await self._customers.page(condition, request, by=by)
        return page.of([Finding(each, measure.fields(rule, each), bool(mended(each))) for each in page.items])

    @transactional
    async def mend(self, work: CustomersWork, *, by: Actor) -> tuple[list[Customer], bool]:
        """Bring the next phone numbers and mail addresses that the caller may change into their normal form.

        The customers that were changed, and whether there may be more. A repetition changes nothing more.
        """
        scope = self._customers.scope(by, Verb.UPDATE)
        if scope.reach is Reach.NONE:
            raise NotAllowed("Your role may not change customers.", path=("input",))
        self._policy.check_fields(by, TYPE, NORMAL)
        flawed = {QUALITY: {"$in": [mendable(field) for field in NORMAL]}, "deleted": False}
        request = PageRequest(MENDED_AT_ONCE, (Order("_id"),))
        page = await work.customers.page(every(flawed, scope.filter(), self._customers.scope(by).filter()), request)
        for customer in page.items:
            await self._customers.change(work, customer, mended(customer), by=by)
            await work.customers.save(customer, by=by)
        return page.items, page.has_next
