"""The use cases of customers."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rapport_customers.customers.errors import OwnerNotFound
from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.projections.users import COLLECTION as USERS
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.ids import new_id
from rapport_shared.mongo import Page, PageRequest, Projection, eventually, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Scope, Verb

TYPE = "Customer"
ID_PREFIX = "cus"


class CustomerService:
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        customers: CustomerRepository,
        users: Projection,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._customers = customers
        self._users = users
        self._policy = policy
        self._clock = clock

    def scope(self, by: Actor, verb: Verb = Verb.READ) -> Scope:
        """The customers that ``by`` may see, or change."""
        return self._policy.scope(by, verb, TYPE)

    async def find(self, identifier: str, *, by: Actor) -> Customer | None:
        """The customer, unless it is deleted or out of reach."""
        return (await self.find_many([identifier], by=by)).get(identifier)

    async def find_many(self, identifiers: Sequence[str], *, by: Actor) -> dict[str, Customer]:
        """The customers within reach by id, without deleted ones; one query."""
        found = await self._customers.find_many(identifiers, self.scope(by))
        return {identifier: customer for identifier, customer in found.items() if customer.deleted_at is None}

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[Customer]:
        """One page of the customers that match; one query."""
        return await self._customers.page(self._within_reach(condition, by), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many customers match; one query."""
        return await self._customers.count(self._within_reach(condition, by))

    async def owned_pages(
        self, owners: Sequence[str], condition: dict[str, Any], request: PageRequest, *, by: Actor
    ) -> dict[str, Page[Customer]]:
        """A page of each owner's customers; one query."""
        reach = self._within_reach(condition, by)
        return await self._customers.nested_pages(USERS, "owner_id", owners, reach, request)

    async def owned_counts(self, owners: Sequence[str], condition: dict[str, Any], *, by: Actor) -> dict[str, int]:
        """How many customers each owner has; one query."""
        return await self._customers.nested_counts("owner_id", owners, self._within_reach(condition, by))

    async def create(self, details: Mapping[str, Any], *, idempotency_key: str | None = None, by: Actor) -> Customer:
        """A new customer; its owner is the caller where ``details`` names none."""
        owned = {"owner_id": by.id, **details}
        await self._require_owner(owned["owner_id"], by)
        return await self._create(owned, idempotency_key, by=by)

    @transactional
    async def _create(self, work: CustomersWork, details: dict[str, Any], key: str | None, *, by: Actor) -> Customer:
        customer = Customer.create(new_id(ID_PREFIX), details, now=self._clock())
        self._require_reach(customer, Verb.CREATE, by)
        earlier = await work.idempotency.claim(
            key, operation="createCustomer", by=by, body=details, result_id=customer.id
        )
        if earlier is not None:
            return await work.customers.get(earlier, readable=self.scope(by), changeable=self.scope(by))
        await work.customers.save(customer, by=by)
        return customer

    async def update(
        self, identifier: str, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Change what is named."""
        if changes.get("owner_id") is not None:
            await self._require_owner(changes["owner_id"], by)
        return await self._update(identifier, changes, expected_version, by=by)

    @transactional
    async def _update(
        self, work: CustomersWork, identifier: str, changes: Mapping[str, Any], expected: int | None, *, by: Actor
    ) -> Customer:
        customer = await self._load(work, identifier, Verb.UPDATE, deleted=False, by=by)
        customer.expect_version(expected)
        customer.update(changes, now=self._clock())
        self._require_reach(customer, Verb.UPDATE, by)
        await work.customers.save(customer, by=by)
        return customer

    @transactional
    async def delete(
        self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Put a customer away; it can be restored."""
        customer = await self._load(work, identifier, Verb.DELETE, deleted=False, by=by)
        customer.expect_version(expected_version)
        customer.delete(now=self._clock())
        await work.customers.save(customer, by=by)
        return customer

    @transactional
    async def restore(
        self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Bring a deleted customer back; raises ExternalIdTaken where its external id has a new holder."""
        customer = await self._load(work, identifier, Verb.DELETE, deleted=True, by=by)
        customer.expect_version(expected_version)
        customer.restore(now=self._clock())
        await work.customers.save(customer, by=by)
        return customer

    async def _load(self, work: CustomersWork, identifier: str, verb: Verb, *, deleted: bool, by: Actor) -> Customer:
        customer = await work.customers.get(identifier, readable=self.scope(by), changeable=self.scope(by, verb))
        if customer.deleted_at is not None and not deleted:
            raise NotFound("There is no such customer.", path=("input", "id"))
        return customer

    def _require_reach(self, customer: Customer, verb: Verb, by: Actor) -> None:
        """What a change leads to must be within reach too: a seller cannot give a customer away."""
        if not self.scope(by, verb).admits(customer):
            raise NotAllowed("Your role does not reach customers of this owner.", path=("input", "ownerId"))

    async def _require_owner(self, owner_id: str | None, by: Actor) -> None:
        if owner_id is None or owner_id == by.id:
            return
        user = await eventually(lambda: self._users.find(owner_id))
        if user is None or not user["active"]:
            raise OwnerNotFound("No active user has this id.", path=("input", "ownerId"))

    def _within_reach(self, condition: dict[str, Any], by: Actor) -> dict[str, Any]:
        return every(self.scope(by).filter(), condition)


def search_condition(text: str) -> dict[str, Any]:
    """Customers in whose name, mail address or phone number the text is found."""
    anywhere = {"$regex": re.escape(text.strip()), "$options": "i"}
    alternatives = [{"name": anywhere}, {"email": anywhere}, {"external_id": text.strip()}]
    digits = re.sub(r"[\s()+-]", "", text)
    if digits.isdigit():
        alternatives.append({"phone": {"$regex": digits}})
    return {"$or": alternatives}
