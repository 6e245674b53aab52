"""The use cases of needs."""

from collections.abc import Mapping
from typing import Any

from rapport_customers.needs.model import Need
from rapport_customers.needs.repository import NeedRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Verb

TYPE = "Need"
ID_PREFIX = "nee"


class NeedService(Records[Need]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], needs: NeedRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(needs, policy, TYPE)
        self.transactions = transactions
        self._clock = clock

    @transactional
    async def create(
        self,
        work: CustomersWork,
        customer_id: str,
        details: Mapping[str, Any],
        *,
        idempotency_key: str | None,
        by: Actor,
    ) -> Need:
        """A new need of a customer."""
        self._policy.check_fields(by, TYPE, details)
        identifier = new_id(ID_PREFIX)
        body = {**details, "customer_id": customer_id}
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createNeed", by=by, body=body, result_id=identifier
        )
        if earlier is not None:
            return await self.load(work.needs, earlier, Verb.READ, by=by)
        owner_id = await work.owner_of(customer_id, self._policy.scope(by, Verb.READ, "Customer"))
        need = Need.create(identifier, details, customer_id=customer_id, customer_owner_id=owner_id, now=self._clock())
        if not self.scope(by, Verb.CREATE).admits(need):
            raise NotAllowed("Your role may not create needs of this customer.", path=("input", "customerId"))
        await work.needs.save(need, by=by)
        await work.learn_needs(need.customer_id)
        return need

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Need:
        """Change what is named."""
        self._policy.check_fields(by, TYPE, changes)
        need = await self.load(work.needs, identifier, Verb.UPDATE, by=by)
        need.expect_version(expected_version)
        need.update(changes, now=self._clock())
        await work.needs.save(need, by=by)
        await work.learn_needs(need.customer_id)
        return need

    @transactional
    async def delete(self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor) -> Need:
        """Put a need away; it can be restored."""
        need = await self.load(work.needs, identifier, Verb.DELETE, by=by)
        need.expect_version(expected_version)
        need.delete(now=self._clock())
        await work.needs.save(need, by=by)
        await work.learn_needs(need.customer_id)
        return need

    @transactional
    async def restore(self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor) -> Need:
        """Bring a deleted need back."""
        need = await self.load(work.needs, identifier, Verb.DELETE, deleted=True, by=by)
        need.expect_version(expected_version)
        need.restore(now=self._clock())
        await work.needs.save(need, by=by)
        await work.learn_needs(need.customer_id)
        return need
