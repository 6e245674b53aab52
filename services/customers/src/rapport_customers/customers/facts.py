"""What others count about a customer: kept beside its own values, by whoever counts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from rapport_shared.money import Money, unscaled


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """Counted from orders that were neither cancelled nor paid back; ``spend`` is by currency, in ten-thousandths."""

    order_count: int = 0
    spend: Mapping[str, int] = field(default_factory=dict)
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None

    @property
    def spent(self) -> list[Money]:
        """What the customer spent, one sum a currency, by the currency's code."""
        return [Money.of(unscaled(amount), currency) for currency, amount in sorted(self.spend.items())]


NO_FACTS = CustomerFacts()
