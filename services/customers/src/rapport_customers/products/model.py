"""A product: something that can be sold, at a usual price."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.errors import MissingValue
from rapport_customers.customers.values import valid_name, valid_text
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.orders import ProductCreated, ProductState, ProductUpdated
from rapport_shared.money import Money

_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "code": lambda value: valid_text(value, "code"),
    "name": valid_name,
    "category": lambda value: valid_text(value, "category"),
    "unit_price": lambda value: value,
    "active": bool,
}
_REQUIRED: Final = frozenset({"code", "name", "active"})


@dataclass(kw_only=True)
class Product(Aggregate):
    """``code`` is unique; an inactive product stays in what was sold, and in no new deal or order."""

    code: str
    name: str
    category: str | None = None
    unit_price: Money | None = None
    active: bool = True
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, identifier: str, details: Mapping[str, Any], *, now: datetime) -> "Product":
        """A new product of the given details; raises the fault of a bad value."""
        product = cls(id=identifier, created_at=now, updated_at=now, **_checked(details))
        product.record(ProductCreated(product_id=identifier, after=product.state()))
        return product

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(ProductUpdated(product_id=self.id, changed=changed, before=before, after=self.state()))

    def state(self) -> ProductState:
        """What others may know."""
        return ProductState(code=self.code, active=self.active)


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    for name in _REQUIRED & details.keys():
        if details[name] is None:
            raise MissingValue(f"The {name} of a product cannot be cleared.", path=("input", name))
    return {name: None if value is None else _RULES[name](value) for name, value in details.items()}
