"""The lines of a deal or an order: what, how many, at which price."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from rapport_customers.customers.values import valid_name
from rapport_customers.deals.errors import InvalidLines
from rapport_shared.money import SCALE, Money, scaled, unscaled

MAX_LINES: Final = 100
MAX_QUANTITY: Final = Decimal(1_000_000_000)
_PATH: Final = ("input", "lines")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``quantity`` in units of the product, up to four decimals; ``name`` is the product's at that time."""

    product_id: str | None = None
    name: str
    quantity: Decimal
    unit_price: Money

    @property
    def total(self) -> Money:
        """The price of the line."""
        return self.unit_price.times(self.quantity)

    def document(self) -> dict[str, Any]:
        """The stored form; the quantity in ten-thousandths."""
        return {
            "product_id": self.product_id,
            "name": self.name,
            "quantity": scaled(self.quantity),
            "unit_price": self.unit_price.document(),
        }

    @classmethod
    def stored(cls, document: Mapping[str, Any]) -> "Line":
        """What ``document`` wrote."""
        price = Money.stored(document["unit_price"])
        assert price is not None  # noqa: S101 - every line has one
        return cls(
            product_id=document["product_id"],
            name=document["name"],
            quantity=unscaled(document["quantity"]),
            unit_price=price,
        )


def valid_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Checked; the names trimmed. Raises InvalidLines, InvalidName."""
    if len(lines) > MAX_LINES:
        raise InvalidLines(f"There are at most {MAX_LINES} lines.", path=_PATH)
    if len({line.unit_price.currency for line in lines}) > 1:
        raise InvalidLines("All lines are in one currency.", path=_PATH)
    return tuple(_valid_line(line) for line in lines)


def _valid_line(line: Line) -> Line:
    quantity = line.quantity
    if not quantity.is_finite() or not 0 < quantity <= MAX_QUANTITY or scaled(quantity) != quantity * SCALE:
        raise InvalidLines("A quantity is more than 0, with at most four decimals.", path=_PATH)
    if line.unit_price.amount < 0:
        raise InvalidLines("A price is not negative.", path=_PATH)
    return Line(product_id=line.product_id, name=valid_name(line.name), quantity=quantity, unit_price=line.unit_price)


def total(lines: Sequence[Line]) -> Money | None:
    """The sum of the lines; None without any."""
    if not lines:
        return None
    amount = sum((line.total.amount for line in lines), Decimal(0))
    return Money(amount, lines[0].unit_price.currency)
