"""What others count about a customer: kept beside its own values, by whoever counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from rapport_shared.money import Money, scaled, unscaled


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFacts:
    """Counted from orders that were neither cancelled nor paid back; ``spend`` is by currency, in ten-thousandths.

    ``sums`` says the same for rules: ``{currency, orders, spend, average}`` each, ordered by currency.
    ``days_between_orders`` are whole days on average, None below two orders. ``needs`` are kinds and statuses of what
    the customer needs, such as ``PAIN``, ``OPEN`` and ``PAIN:OPEN``. ``last_intent`` is of the last interaction,
    ``next_due_at`` of the open tasks. Each ``…_as_of`` is when its source last told of a change; None where it never
    did, or before this was kept.
    """

    order_count: int = 0
    spend: Mapping[str, int] = field(default_factory=dict)
    sums: tuple[Mapping[str, Any], ...] = ()
    first_order_at: datetime | None = None
    last_order_at: datetime | None = None
    days_between_orders: int | None = None
    last_interaction_at: datetime | None = None
    open_tasks: int = 0
    needs: Sequence[str] = ()
    last_intent: str | None = None
    next_due_at: datetime | None = None
    orders_as_of: datetime | None = None
    interactions_as_of: datetime | None = None
    tasks_as_of: datetime | None = None
    needs_as_of: datetime | None = None

    @classmethod
    def stored(cls, facts: Mapping[str, Any]) -> "CustomerFacts":
        """As they are in the database, without those that only a newer release knows."""
        return cls(**{name: value for name, value in facts.items() if name in _KNOWN})

    @property
    def spent(self) -> list[Money]:
        """What the customer spent, one sum a currency, by the currency's code."""
        return [Money.of(unscaled(amount), currency) for currency, amount in sorted(self.spend.items())]

    @property
    def averages(self) -> list[Money]:
        """What an order came to on average, one sum a currency, by the currency's code; rounded to its decimals."""
        sums = sorted(self.sums, key=lambda each: str(each["currency"]))
        return [Money(unscaled(each["average"]), each["currency"]).times(Decimal(1)) for each in sums]


_KNOWN: Final = frozenset(known.name for known in fields(CustomerFacts))
NO_FACTS: Final = CustomerFacts()


def order_facts(counted: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """The facts that orders make, from their sums by currency: ``{_id: currency, count, spend, first, last}`` each."""
    rows = sorted(counted, key=lambda row: str(row["_id"]))
    count = sum(row["count"] for row in rows)
    first = min((row["first"] for row in rows), default=None)
    last = max((row["last"] for row in rows), default=None)
    return {
        "order_count": count,
        "spend": {row["_id"]: row["spend"] for row in rows},
        "sums": [_sum(row) for row in rows],
        "first_order_at": first,
        "last_order_at": last,
        "days_between_orders": None if first is None or count < 2 else (last - first).days // (count - 1),
    }


def _sum(row: Mapping[str, Any]) -> dict[str, Any]:
    """One currency's; the average is rounded down to a ten-thousandth."""
    times = {"first": row["first"], "last": row["last"]}
    average = row["spend"] // row["count"]
    return {"currency": row["_id"], "orders": row["count"], "spend": row["spend"], "average": average, **times}


def with_orders(facts: CustomerFacts, orders: Iterable[tuple[Money, datetime]]) -> dict[str, Any]:
    """The facts that orders make, with more orders that count: what each came to, and when it was."""
    rows: dict[str, dict[str, Any]] = {
        each["currency"]: {
            "_id": each["currency"],
            "count": each["orders"],
            "spend": each["spend"],
            "first": each["first"],
            "last": each["last"],
        }
        for each in facts.sums
    }
    for total, at in orders:
        new = {"_id": total.currency, "count": 0, "spend": 0, "first": at, "last": at}
        row = rows.setdefault(total.currency, new)
        row["count"] += 1
        row["spend"] += scaled(total.amount)
        row["first"], row["last"] = min(row["first"], at), max(row["last"], at)
    return order_facts(rows.values())


def stored_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Where they are in the document of their customer."""
    return {f"facts.{name}": value for name, value in facts.items()}
