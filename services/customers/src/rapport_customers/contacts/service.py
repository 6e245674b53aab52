"""The use cases of contacts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rapport_customers.contacts.errors import ReportingCycle, SuperiorNotFound
from rapport_customers.contacts.model import Contact
from rapport_customers.contacts.repository import ContactRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Verb

TYPE = "Contact"
ID_PREFIX = "con"
MAX_LEVELS: Final = 50
_SUPERIOR: Final = ("input", "reportsToId")


class ContactService(Records[Contact]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], contacts: ContactRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(contacts, policy, TYPE)
        self.transactions = transactions
        self._contacts = contacts
        self._clock = clock

    async def chains(self, customer_ids: Sequence[str], *, by: Actor) -> dict[str, list[Contact]]:
        """The contacts with a part in the decisions of each customer; one query."""
        return await self._contacts.chains(customer_ids, self.scope(by))

    @transactional
    async def create(
        self,
        work: CustomersWork,
        customer_id: str,
        details: Mapping[str, Any],
        *,
        idempotency_key: str | None,
        by: Actor,
    ) -> Contact:
        """A new contact of a customer."""
        self._policy.check_fields(by, TYPE, details)
        identifier = new_id(ID_PREFIX)
        body = {**details, "customer_id": customer_id}
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createContact", by=by, body=body, result_id=identifier
        )
        if earlier is not None:
            return await self.load(work.contacts, earlier, Verb.READ, by=by)
        owner_id = await work.owner_of(customer_id, self._policy.scope(by, Verb.READ, "Customer"))
        contact = Contact.create(
            identifier, details, customer_id=customer_id, customer_owner_id=owner_id, now=self._clock()
        )
        if not self.scope(by, Verb.CREATE).admits(contact):
            raise NotAllowed("Your role may not create contacts of this customer.", path=("input", "customerId"))
        await self._require_order(work, contact)
        await work.contacts.save(contact, by=by)
        return contact

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Contact:
        """Change what is named."""
        self._policy.check_fields(by, TYPE, changes)
        contact = await self.load(work.contacts, identifier, Verb.UPDATE, by=by)
        contact.expect_version(expected_version)
        if changes.get("reports_to_id") is not None:
            # Two contacts that are put below each other at the same time collide on their customer.
            await work.owner_of(contact.customer_id, self._policy.scope(by, Verb.READ, "Customer"))
        contact.update(changes, now=self._clock())
        await self._require_order(work, contact)
        await work.contacts.save(contact, by=by)
        return contact

    @transactional
    async def delete(self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor) -> Contact:
        """Put a contact away; it can be restored."""
        contact = await self.load(work.contacts, identifier, Verb.DELETE, by=by)
        contact.expect_version(expected_version)
        contact.delete(now=self._clock())
        await work.contacts.save(contact, by=by)
        return contact

    @transactional
    async def restore(
        self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor
    ) -> Contact:
        """Bring a deleted contact back."""
        contact = await self.load(work.contacts, identifier, Verb.DELETE, deleted=True, by=by)
        contact.expect_version(expected_version)
        contact.restore(now=self._clock())
        await work.contacts.save(contact, by=by)
        return contact

    async def _require_order(self, work: CustomersWork, contact: Contact) -> None:
        """Whoever is reported to is of the same customer, and does not report back."""
        above = contact.reports_to_id
        if above is None:
            return
        scope = self._policy.scope(SYSTEM, Verb.READ, TYPE)
        superior = await work.contacts.find(above, scope)
        if superior is None or superior.customer_id != contact.customer_id or superior.deleted_at is not None:
            raise SuperiorNotFound("No contact of the customer has this id.", path=_SUPERIOR)
        for _ in range(MAX_LEVELS):
            if above is None:
                return
            if above == contact.id:
                raise ReportingCycle("The contact would report to itself.", path=_SUPERIOR)
            above = await work.contacts.superior(above)
        raise ReportingCycle(f"There are more than {MAX_LEVELS} levels.", path=_SUPERIOR)
