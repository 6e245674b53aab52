"""The rules of the pool: guards their state and records what happens to them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from rapport_customers.customers.model import Customer, CustomerStage
from rapport_customers.pool.errors import InvalidPoolRules, ReclaimTooSoon
from rapport_shared.actor import Actor, Via
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.handling import CustomerPoolUpdated

POOL_ID: Final = "pool"
BY_POOL: Final = Actor("rule_pool", "SYSTEM", via=Via.RULE)
"""The rule that returns customers to the pool, as the history names it."""
_RANGES: Final[Mapping[str, tuple[int, int]]] = {
    "max_held": (1, 100_000),
    "max_claims_per_day": (1, 100_000),
    "reclaim_after_days": (0, 3650),
    "idle_days": (1, 3650),
}


@dataclass(kw_only=True)
class PoolRules(Aggregate):
    """Limits are None for none; ``idle_days`` is None where no customer returns by itself.

    A customer in one of ``idle_stages`` returns once for so many days nothing was changed at it, nobody spoke with it,
    and it ordered nothing. Who looked after it last may not claim it for ``reclaim_after_days``.
    """

    max_held: int | None = None
    max_claims_per_day: int | None = None
    reclaim_after_days: int = 0
    idle_days: int | None = None
    idle_stages: tuple[CustomerStage, ...] = (CustomerStage.LEAD, CustomerStage.OPPORTUNITY)
    updated_at: datetime | None = None

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs. Raises InvalidPoolRules."""
        for name in sorted(_RANGES.keys() & changes.keys()):
            least, most = _RANGES[name]
            if changes[name] is not None and not least <= changes[name] <= most:
                raise InvalidPoolRules(f"This is from {least} to {most}.", path=("input", name))
        wanted = {**changes}
        if "reclaim_after_days" in wanted:
            wanted["reclaim_after_days"] = wanted["reclaim_after_days"] or 0
        changed = self.differing(wanted)
        if changed:
            self.assign(wanted)
            self.updated_at = now
            self.record(CustomerPoolUpdated(pool_id=self.id, changed=changed))

    def check_claim(self, customer: Customer, by: Actor, *, now: datetime) -> None:
        """Raise ReclaimTooSoon where ``by`` looked after the customer last, and not long enough ago."""
        wait = timedelta(days=self.reclaim_after_days)
        if customer.last_owner_id == by.id and customer.pooled_at is not None and now < customer.pooled_at + wait:
            message = f"You looked after this customer last; claim it {self.reclaim_after_days} days after that."
            raise ReclaimTooSoon(message, path=("input", "id"))

    def idle_before(self, now: datetime) -> datetime | None:
        """Customers at whom nothing has happened since then return; None where none do."""
        return None if self.idle_days is None else now - timedelta(days=self.idle_days)
