"""The use cases of interactions."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapport_interactions.interactions.errors import CustomerIsErased, CustomerNotFound
from rapport_interactions.interactions.model import Interaction
from rapport_interactions.interactions.repository import InteractionRepository
from rapport_interactions.projections.customers import COLLECTION as CUSTOMERS
from rapport_interactions.projections.customers import KnownCustomer, KnownCustomers
from rapport_interactions.work import InteractionsWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.ids import new_id
from rapport_shared.mongo import Page, PageRequest, eventually, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Scope, Verb

TYPE = "Interaction"
ID_PREFIX = "int"


class InteractionService:
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[InteractionsWork],
        interactions: InteractionRepository,
        customers: KnownCustomers,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._interactions = interactions
        self._customers = customers
        self._policy = policy
        self._clock = clock

    def scope(self, by: Actor, verb: Verb = Verb.READ) -> Scope:
        """The interactions that ``by`` may see, or change."""
        return self._policy.scope(by, verb, TYPE)

    async def find(self, identifier: str, *, by: Actor) -> Interaction | None:
        """The interaction, unless it is deleted or out of reach."""
        return (await self.find_many([identifier], by=by)).get(identifier)

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, Interaction]:
        """The interactions within reach by id, without deleted ones; one query."""
        found = await self._interactions.find_many(identifiers, self.scope(by))
        return {identifier: record for identifier, record in found.items() if record.deleted_at is None}

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[Interaction]:
        """One page of the interactions that match; one query."""
        return await self._interactions.page(self._within_reach(condition, by), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many interactions match; one query."""
        return await self._interactions.count(self._within_reach(condition, by))

    async def customer_pages(
        self, customers: Sequence[str], condition: dict[str, Any], request: PageRequest, *, by: Actor
    ) -> dict[str, Page[Interaction]]:
        """A page of each customer's interactions; one query."""
        reach = self._within_reach(condition, by)
        return await self._interactions.nested_pages(CUSTOMERS, "customer_id", customers, reach, request)

    async def customer_counts(
        self, customers: Sequence[str], condition: dict[str, Any], *, by: Actor
    ) -> dict[str, int]:
        """How many interactions each customer has; one query."""
        return await self._interactions.nested_counts("customer_id", customers, self._within_reach(condition, by))

    async def ever_on(self, customer_ids: Sequence[str]) -> dict[str, list[Interaction]] | None:
        """What hangs, or once hung, on some customers, whoever's it is: for a decision about each of it."""
        return await self._interactions.ever_on(customer_ids)

    async def record(
        self, customer_id: str, details: Mapping[str, Any], *, idempotency_key: str | None = None, by: Actor
    ) -> Interaction:
        """A new interaction with a customer, written by the caller.

        Raises CustomerNotFound where the caller sees no such customer, after waiting for news of it: one that is
        out of reach takes as long to answer as one that does not exist.
        """
        self._policy.check_fields(by, TYPE, details)
        await eventually(lambda: self._visible(self._customers, customer_id, by))
        return await self._record(customer_id, details, idempotency_key, by=by)

    @transactional
    async def _record(
        self, work: InteractionsWork, customer_id: str, details: Mapping[str, Any], key: str | None, *, by: Actor
    ) -> Interaction:
        identifier, body = new_id(ID_PREFIX), {"customer_id": customer_id, **details}
        earlier = await work.idempotency.claim(
            key, operation="recordInteraction", by=by, body=body, result_id=identifier
        )
        if earlier is not None:
            return await work.interactions.get(earlier, readable=self.scope(by), changeable=self.scope(by))
        await work.customers.hold(customer_id)
        customer = await self._visible(work.customers, customer_id, by)
        if customer is None:
            raise CustomerNotFound("There is no such customer.", path=("input", "customerId"))
        if customer.erased:
            raise CustomerIsErased("This customer was erased.", path=("input", "customerId"))
        interaction = Interaction.create(
            identifier,
            details,
            customer_id=customer.id,
            customer_owner_id=customer.owner_id,
            author_id=by.id,
            now=self._clock(),
        )
        if not self.scope(by, Verb.CREATE).admits(interaction):
            raise NotAllowed("Your role does not record interactions with this customer.", path=("input", "customerId"))
        await work.interactions.save(interaction, by=by)
        return interaction

    @transactional
    async def update(
        self,
        work: InteractionsWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Interaction:
        """Change what is named; who reaches an interaction never depends on what can be changed here."""
        self._policy.check_fields(by, TYPE, changes)
        interaction = await self._load(work, identifier, Verb.UPDATE, by=by)
        interaction.expect_version(expected_version)
        interaction.update(changes, now=self._clock())
        await work.interactions.save(interaction, by=by)
        return interaction

    @transactional
    async def delete(
        self, work: InteractionsWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Interaction:
        """Take an interaction off the record."""
        interaction = await self._load(work, identifier, Verb.DELETE, by=by)
        interaction.expect_version(expected_version)
        interaction.delete(now=self._clock())
        await work.interactions.save(interaction, by=by)
        return interaction

    async def _load(self, work: InteractionsWork, identifier: str, verb: Verb, *, by: Actor) -> Interaction:
        interaction = await work.interactions.get(identifier, readable=self.scope(by), changeable=self.scope(by, verb))
        if interaction.deleted_at is not None:
            raise NotFound("There is no such interaction.", path=("input", "id"))
        return interaction

    async def _visible(self, customers: KnownCustomers, customer_id: str, by: Actor) -> KnownCustomer | None:
        """The customer, where the caller may see it."""
        customer = await customers.present(customer_id)
        reach = self._policy.scope(by, Verb.READ, "Customer")
        return customer if customer is not None and reach.admits(customer) else None

    def _within_reach(self, condition: dict[str, Any], by: Actor) -> dict[str, Any]:
        return every(self.scope(by).filter(), condition)


def search_condition(text: str) -> dict[str, Any]:
    """Interactions in whose content, outcome or participants the text is found."""
    anywhere = {"$regex": re.escape(text.strip()), "$options": "i"}
    return {"$or": [{"content": anywhere}, {"outcome": anywhere}, {"participants": anywhere}]}
