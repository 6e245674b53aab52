"""The use case of purging."""

from datetime import datetime, timedelta
from typing import Final

from rapport_customers.purges.repository import PurgeRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor, Via
from rapport_shared.clock import Clock
from rapport_shared.persistence import Transactions, transactional
from rapport_shared.rights import EVERYTHING

BY_PURGE: Final = Actor("rule_purge", "SYSTEM", via=Via.RULE)
"""The rule that purges, as the audit log and events name it."""
CHUNK: Final = 20
LOOK_EVERY: Final = timedelta(minutes=5)


class PurgeService:
    """Purges whoever was put away longer ago than ``after``; nobody where it is None."""

    def __init__(
        self,
        transactions: Transactions[CustomersWork],
        purges: PurgeRepository,
        clock: Clock,
        *,
        after: timedelta | None,
    ) -> None:
        self.transactions = transactions
        self._purges = purges
        self._clock = clock
        self._after = after
        self._look_at: datetime | None = None

    async def step(self) -> bool:
        """Purge the next customers; False where there is none. Looks every five minutes."""
        now = self._clock()
        if self._after is None or (self._look_at is not None and now < self._look_at):
            return False
        found = await self._purges.due(now - self._after, CHUNK)
        for customer_id in found:
            await self._purge(customer_id, now - self._after)
        self._look_at = None if found else now + LOOK_EVERY
        return bool(found)

    @transactional
    async def _purge(self, work: CustomersWork, customer_id: str, deleted_before: datetime) -> None:
        """A customer and those that were merged into it leave, with all that hangs on them, and others are told."""
        if not await PurgeRepository(work.database, work.session).take(customer_id, deleted_before):
            return
        customer = await work.customers.find(customer_id, EVERYTHING)
        if customer is None:
            return
        merged = [await work.customers.find(each, EVERYTHING) for each in customer.merged_ids]
        family = [each for each in (customer, *merged) if each is not None]
        tags = {tag for each in family for tag in each.tags}
        for each in family:
            each.purge(now=self._clock())
            await work.customers.save(each, by=BY_PURGE)
        await work.forget_labels(tags, by=BY_PURGE)
        await work.remove([each.id for each in family], by=BY_PURGE)
