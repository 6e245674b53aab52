"""Events of the customers service about products and orders."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class ProductState:
    """Whether a product can be sold."""

    code: str
    active: bool


@event("customers.product.created", version=1, subject="product_id")
class ProductCreated(Event):
    """A product exists."""

    product_id: str
    after: ProductState


@event("customers.product.updated", version=1, subject="product_id")
class ProductUpdated(Event):
    """A product changed; ``changed`` names the fields."""

    product_id: str
    changed: tuple[str, ...]
    before: ProductState
    after: ProductState


@dataclass(frozen=True, kw_only=True)
class OrderState:
    """Where an order stands, and what decides who may see it. Amounts are fetched by id, under the reader's rights."""

    customer_id: str
    customer_owner_id: str | None
    status: str


@event("customers.order.created", version=1, subject="order_id")
class OrderCreated(Event):
    """A customer ordered something."""

    order_id: str
    after: OrderState


@event("customers.order.updated", version=1, subject="order_id")
class OrderUpdated(Event):
    """An order changed; ``changed`` names the fields."""

    order_id: str
    changed: tuple[str, ...]
    before: OrderState
    after: OrderState
