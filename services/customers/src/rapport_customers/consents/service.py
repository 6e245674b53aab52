"""The use cases of consents."""

from dataclasses import dataclass
from datetime import datetime

from rapport_customers.consents.model import ConsentPurpose
from rapport_customers.customers.model import Customer
from rapport_customers.customers.service import CustomerService
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.persistence import transactional
from rapport_shared.rights import Verb


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a customer said on one purpose; ``at`` None for now."""

    purpose: ConsentPurpose
    granted: bool
    source: str
    evidence: str | None
    at: datetime | None


class ConsentService:
    """Whoever may change a customer records what it agrees to."""

    def __init__(self, customers: CustomerService, clock: Clock) -> None:
        self.transactions = customers.transactions
        self._customers = customers
        self._clock = clock

    @transactional
    async def record(
        self, work: CustomersWork, customer_id: str, word: Word, *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Keep the customer's newest word on a purpose. Raises ConsentSuperseded, InvalidOccurredAt."""
        customer = await self._customers.load(work.customers, customer_id, Verb.UPDATE, by=by)
        customer.expect_version(expected_version)
        now = self._clock()
        customer.say(
            word.purpose,
            granted=word.granted,
            at=word.at or now,
            source=word.source,
            evidence=word.evidence,
            by=by.id,
            now=now,
        )
        await work.customers.save(customer, by=by)
        return customer
