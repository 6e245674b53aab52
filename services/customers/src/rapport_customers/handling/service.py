"""The use cases of how customers are handled."""

from collections.abc import Mapping
from typing import Any, Final

from rapport_customers.handling.model import Handling
from rapport_customers.handling.repository import HandlingRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotAllowed
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "CustomerHandling"
CUSTOMER: Final = "Customer"


class HandlingService:
    """Whoever reads customers may know how they are handled; to change that is a right of its own."""

    def __init__(
        self, transactions: Transactions[CustomersWork], handling: HandlingRepository, policy: Policy, clock: Clock
    ) -> None:
        self.transactions = transactions
        self._handling = handling
        self._policy = policy
        self._clock = clock

    async def current(self, *, by: Actor) -> Handling:
        """How customers are handled now. Raises Forbidden for who may read no customers."""
        if self._policy.reach(by, Verb.READ, CUSTOMER) is Reach.NONE:
            raise Forbidden("Your role may not read customers.")
        return await self._handling.current()

    @transactional
    async def update(
        self, work: CustomersWork, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> Handling:
        """Change what is named."""
        if self._policy.reach(by, Verb.UPDATE, TYPE) is not Reach.ALL:
            raise NotAllowed("Your role may not change how customers are handled.", path=("input",))
        handling = await work.handling.current()
        handling.expect_version(expected_version)
        handling.update(changes, now=self._clock())
        await work.handling.save(handling, by=by)
        return handling
