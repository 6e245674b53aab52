"""The use cases of histories."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import SINCE, CustomerRepository
from rapport_customers.history.model import Entry, before
from rapport_customers.history.repository import HistoryRepository
from rapport_shared.actor import Actor
from rapport_shared.mongo import Page, PageRequest
from rapport_shared.rights import Policy, Scope, Verb

TYPE = "Customer"


class HistoryService:
    """Whoever reads a customer reads its history."""

    def __init__(self, history: HistoryRepository, customers: CustomerRepository, policy: Policy) -> None:
        self._history = history
        self._customers = customers
        self._policy = policy

    async def late_page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[Entry]:
        """One page of the changes that were recorded more than a day after they happened."""
        return await self._history.page({**condition, "late": True}, request, self._scope(by))

    async def late_count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many there are."""
        return await self._history.count({**condition, "late": True}, self._scope(by))

    async def pages(
        self, customers: Sequence[str], condition: dict[str, Any], request: PageRequest
    ) -> dict[str, Page[Entry]]:
        """A page for each of these customers, which the caller must have found within reach; one query."""
        return await self._history.nested_pages(customers, condition, request)

    async def counts(self, customers: Sequence[str], condition: dict[str, Any]) -> dict[str, int]:
        """How many entries each of these customers has; one query."""
        return await self._history.nested_counts(customers, condition)

    async def as_of(self, customer_id: str, at: datetime, *, by: Actor) -> Customer | None:
        """The customer as it was then; None where it is out of reach now, or was not there or put away then."""
        customer = await self._customers.find(customer_id, self._scope(by))
        if customer is None or customer.created_at > at:
            return None
        document = {**self._customers.to_document(customer), "version": customer.version}
        past = before(document, await self._history.since(customer_id, at))
        last = await self._history.last_until(customer_id, at)
        past["updated_at"] = customer.created_at if last is None else last.at
        past[SINCE] = None  # of now; the history does not say
        found = self._customers.from_document({"_id": customer_id, **past})
        found.facts = customer.facts
        return None if found.deleted_at is not None else found

    def _scope(self, by: Actor) -> Scope:
        return self._policy.scope(by, Verb.READ, TYPE)
