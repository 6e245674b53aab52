"""An order: what a customer bought."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers.values import valid_text
from rapport_customers.deals.errors import InvalidLines
from rapport_customers.deals.lines import Line, total, valid_lines
from rapport_customers.orders.errors import OrderEnded
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.orders import OrderCreated, OrderState, OrderUpdated
from rapport_shared.errors import UserFault
from rapport_shared.money import Money


class OrderStatus(StrEnum):
    """How far an order is."""

    PLACED = "PLACED"
    PAID = "PAID"
    SHIPPED = "SHIPPED"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"


MAX_BATCH: Final = 100
"""How many orders somebody may tell of at once."""
ENDED: Final = frozenset({OrderStatus.CANCELLED, OrderStatus.REFUNDED})
"""Such an order counts for nothing, and stays as it is."""


@dataclass(frozen=True, kw_only=True)
class GivenOrder:
    """An order as somebody tells of it; None says nothing. ``customer_external_id`` stands for ``customer_id``."""

    number: str
    customer_id: str | None = None
    customer_external_id: str | None = None
    ordered_at: datetime | None = None
    status: OrderStatus | None = None
    lines: Sequence[Line] | None = None
    total: Money | None = None

    def details(self) -> dict[str, Any]:
        """What it sets, by attribute."""
        told = {name: getattr(self, name) for name in ("ordered_at", "status", "lines", "total")}
        return {name: value for name, value in told.items() if value is not None}


class UpsertOutcome(StrEnum):
    """What became of one record among many."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """What became of an order that somebody told of: the order, or what is wrong."""

    outcome: UpsertOutcome
    order: "Order | None" = None
    fault: UserFault | None = None


@dataclass(kw_only=True)
class Order(Aggregate):
    """``number`` is unique; ``total`` is the sum of the lines unless it was given; ``ordered_at`` is UTC."""

    customer_id: str
    customer_owner_id: str | None
    number: str
    ordered_at: datetime
    status: OrderStatus
    lines: tuple[Line, ...]
    total: Money
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(
        cls,
        identifier: str,
        *,
        customer_id: str,
        customer_owner_id: str | None,
        number: str,
        ordered_at: datetime,
        status: OrderStatus,
        lines: Sequence[Line],
        total_given: Money | None,
        now: datetime,
    ) -> "Order":
        """A new order; raises the fault of a bad value."""
        checked = valid_lines(lines)
        worth = total_given or total(checked)
        if worth is None:
            raise InvalidLines("An order has lines, or a total.", path=("input", "lines"))
        order = cls(
            id=identifier,
            customer_id=customer_id,
            customer_owner_id=customer_owner_id,
            number=valid_text(number, "number"),
            ordered_at=ordered_at,
            status=status,
            lines=checked,
            total=worth,
            created_at=now,
            updated_at=now,
        )
        order.record(OrderCreated(order_id=identifier, after=order.state()))
        return order

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set ``status``, ``ordered_at``, ``lines`` or ``total``, which lines alone make anew.

        Raises OrderEnded where there is nothing to change any more, and the fault of a bad value.
        """
        given = {name: value for name, value in changes.items() if value is not None}
        if "lines" in given:
            given["lines"] = valid_lines(given["lines"])
            given["total"] = given.get("total") or total(given["lines"]) or self.total
        changed = self.differing(given)
        if not changed:
            return
        if not self.counts:
            raise OrderEnded("The order was cancelled or paid back.", path=("input", "id"))
        before = self.state()
        self.assign(given)
        self.updated_at = now
        self.record(OrderUpdated(order_id=self.id, changed=changed, before=before, after=self.state()))

    @property
    def counts(self) -> bool:
        """Whether it is part of what the customer bought."""
        return self.status not in ENDED

    def state(self) -> OrderState:
        """What others may know."""
        return OrderState(
            customer_id=self.customer_id, customer_owner_id=self.customer_owner_id, status=self.status.value
        )
