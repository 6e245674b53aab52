"""The use cases of tiers."""

from collections.abc import Sequence
from typing import Final

from rapport_customers.tags.service import require_facts
from rapport_customers.tiers.model import Tier, Tiers
from rapport_customers.tiers.repository import TiersRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE: Final = "Tiers"


class TiersService:
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], tiers: TiersRepository, policy: Policy, clock: Clock
    ) -> None:
        self.transactions = transactions
        self._tiers = tiers
        self._policy = policy
        self._clock = clock

    async def current(self, *, by: Actor) -> Tiers | None:
        """The tiers; None for who may not read them."""
        if self._policy.reach(by, Verb.READ, TYPE) is not Reach.ALL:
            return None
        return await self._tiers.current()

    @transactional
    async def replace(
        self, work: CustomersWork, tiers: Sequence[Tier], *, expected_version: int | None, by: Actor
    ) -> Tiers:
        """Have these tiers instead; customers move soon. Raises InvalidTiers, InvalidRule, ForbiddenField."""
        if self._policy.reach(by, Verb.UPDATE, TYPE) is not Reach.ALL:
            raise NotAllowed("Your role may not change the tiers.", path=("input",))
        for tier in tiers:
            require_facts(self._policy, tier.rule, by=by)
        current = await work.tiers.current()
        current.expect_version(expected_version)
        current.replace(tiers, now=self._clock())
        if current.recorded:
            await work.tiers.save(current, by=by)
            await work.sweep.start()
        return current
