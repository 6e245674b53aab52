"""The use cases of the pool."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from rapport_customers.customers.model import Customer
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.pool.errors import ClaimLimitReached, CustomerNotInPool
from rapport_customers.pool.model import BY_POOL, PoolRules
from rapport_customers.pool.repository import IN_POOL, PoolRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import Forbidden, NotAllowed, NotFound
from rapport_shared.mongo import Page, PageRequest, every
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Reach, Verb

TYPE: Final = "Pool"
RULES: Final = "CustomerHandling"
CUSTOMER: Final = "Customer"
CHUNK: Final = 50
LOOK_EVERY: Final = timedelta(minutes=5)


class PoolService:
    """To read the pool and to claim from it are rights of their own: nobody reaches its customers as their owner."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        pool: PoolRepository,
        customers: CustomerRepository,
        policy: Policy,
        clock: Clock,
    ) -> None:
        self.transactions = transactions
        self._pool = pool
        self._customers = customers
        self._policy = policy
        self._clock = clock
        self._look_at: datetime | None = None

    async def rules(self, *, by: Actor) -> PoolRules:
        """The rules as they are now."""
        self._require_reader(by)
        return await self._pool.current()

    @transactional
    async def update_rules(
        self, work: CustomersWork, changes: Mapping[str, Any], *, expected_version: int | None, by: Actor
    ) -> PoolRules:
        """Change what is named."""
        if self._policy.reach(by, Verb.UPDATE, RULES) is not Reach.ALL:
            raise NotAllowed("Your role may not change the rules of the pool.", path=("input",))
        rules = await work.pool.current()
        rules.expect_version(expected_version)
        rules.update(changes, now=self._clock())
        await work.pool.save(rules, by=by)
        return rules

    async def page(self, condition: dict[str, Any], request: PageRequest, *, by: Actor) -> Page[Customer]:
        """One page of the customers in the pool."""
        self._require_reader(by)
        return await self._customers.page(every({**IN_POOL}, condition), request)

    async def count(self, condition: dict[str, Any], *, by: Actor) -> int:
        """How many there are."""
        self._require_reader(by)
        return await self._customers.count(every({**IN_POOL}, condition))

    @transactional
    async def claim(self, work: CustomersWork, customer_id: str, *, by: Actor) -> Customer:
        """Look after a customer of the pool from now on; of many who want it, one gets it."""
        self._require_claimer(by)
        if not await work.pool.take(customer_id):
            raise CustomerNotInPool("This customer is not in the pool.", path=("input", "id"))
        customer = await work.customers.get(customer_id, readable=EVERYTHING, changeable=EVERYTHING)
        rules, now = await work.pool.current(), self._clock()
        rules.check_claim(customer, by, now=now)
        claims = await work.pool.claimed(by.id, now.date().isoformat())
        if rules.max_claims_per_day is not None and claims > rules.max_claims_per_day:
            raise ClaimLimitReached(f"You may claim {rules.max_claims_per_day} customers a day.", path=("input", "id"))
        held = await work.customers.count({"owner_id": by.id, "deleted": False})
        if rules.max_held is not None and held >= rules.max_held:
            raise ClaimLimitReached(f"You may look after {rules.max_held} customers.", path=("input", "id"))
        await self._give(work, customer, by.id, by=by)
        return customer

    @transactional
    async def release(
        self, work: CustomersWork, customer_id: str, *, expected_version: int | None, by: Actor
    ) -> Customer:
        """Give a customer that one may change to the pool."""
        self._require_claimer(by)
        readable, changeable = (self._policy.scope(by, verb, CUSTOMER) for verb in (Verb.READ, Verb.UPDATE))
        customer = await work.customers.get(customer_id, readable=readable, changeable=changeable)
        if customer.deleted_at is not None:
            raise NotFound("There is no such customer.", path=("input", "id"))
        customer.expect_version(expected_version)
        await self._give(work, customer, None, by=by)
        return customer

    async def step(self) -> bool:
        """Return the next customers at whom nothing happens; False where there is none. Looks every five minutes."""
        now = self._clock()
        if self._look_at is not None and now < self._look_at:
            return False
        rules = await self._pool.current()
        idle_before = rules.idle_before(now)
        found = [] if idle_before is None else await self._pool.idle(idle_before, rules, CHUNK)
        for customer_id in found:
            await self._return(customer_id)
        self._look_at = None if found else now + LOOK_EVERY
        return bool(found)

    @transactional
    async def _return(self, work: CustomersWork, customer_id: str) -> None:
        rules = await work.pool.current()
        idle_before = rules.idle_before(self._clock())
        if idle_before is not None and await work.pool.take_idle(customer_id, idle_before, rules):
            customer = await work.customers.get(customer_id, readable=EVERYTHING, changeable=EVERYTHING)
            await self._give(work, customer, None, by=BY_POOL)

    async def _give(self, work: CustomersWork, customer: Customer, owner_id: str | None, *, by: Actor) -> None:
        customer.update({"owner_id": owner_id}, now=self._clock())
        await work.customers.save(customer, by=by)
        await work.hand_over(customer.id, owner_id)

    def _require_reader(self, by: Actor) -> None:
        if self._policy.reach(by, Verb.READ, TYPE) is not Reach.ALL:
            raise Forbidden("Your role may not see the pool.")

    def _require_claimer(self, by: Actor) -> None:
        if self._policy.reach(by, Verb.UPDATE, TYPE) is not Reach.ALL:
            raise NotAllowed("Your role may not claim from the pool, nor give to it.", path=("input",))
