"""The inputs of orders."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_customers.customers.values import valid_text
from rapport_customers.deals.inputs import LineInput
from rapport_customers.orders.model import GivenOrder, OrderStatus, UpsertOutcome
from rapport_shared.errors import UserFault
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, given, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.money import AmountFilter, MoneyInput
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

Status = strawberry.enum(OrderStatus, name="OrderStatus", description="How far an order is.")
Outcome = strawberry.enum(UpsertOutcome, name="UpsertOutcome", description="What became of one record among many.")


@strawberry.input(description="A new order.")
class CreateOrderInput:
    """Fields of createOrder."""

    customer_id: strawberry.ID = strawberry.field(description="Who bought.")
    number: str = strawberry.field(description="Its number; unique.")
    ordered_at: DateTime | None = optional("When; now, where not given.")
    status: OrderStatus = strawberry.field(default=OrderStatus.PLACED, description="PLACED where not given.")
    lines: list[LineInput] = strawberry.field(default_factory=list, description="What was bought.")
    total: MoneyInput | None = optional("What it came to: the sum of its lines, where not given.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)

    def to_model(self) -> GivenOrder:
        """As the model knows it. Raises what is wrong with its values."""
        total = given(self.total)
        return GivenOrder(
            customer_id=self.customer_id,
            number=self.number,
            ordered_at=given(self.ordered_at),
            status=self.status,
            lines=[line.to_model() for line in self.lines],
            total=None if total is None else total.to_model("total"),
        )


@strawberry.input(description="An order as another system has it: what is left out stays as it is.")
class UpsertOrderInput:
    """One order of upsertOrders."""

    number: str = strawberry.field(description="Its number, unique: it says which order this is.")
    customer_id: strawberry.ID | None = optional("Who bought; a new order says so, by this or by the external id.")
    customer_external_id: str | None = optional("Who bought, by the `externalId` of the customer.")
    ordered_at: DateTime | None = optional("When; of a new order: now, where not given.")
    status: OrderStatus | None = optional("How far it is; of a new order: PLACED, where not given.")
    lines: list[LineInput] | None = optional("What was bought: all of its lines.")
    total: MoneyInput | None = optional("What it came to: the sum of the lines, where those are given and this is not.")

    def to_model(self) -> GivenOrder:
        """As the model knows it. Raises what is wrong with its values."""
        lines, total = given(self.lines), given(self.total)
        return GivenOrder(
            number=valid_text(self.number, "number"),
            customer_id=given(self.customer_id),
            customer_external_id=given(self.customer_external_id),
            ordered_at=given(self.ordered_at),
            status=given(self.status),
            lines=None if lines is None else tuple(line.to_model() for line in lines),
            total=None if total is None else total.to_model("total"),
        )


@strawberry.input(description="Orders of another system, such as a shop.")
class UpsertOrdersInput:
    """Fields of upsertOrders."""

    orders: list[UpsertOrderInput] = strawberry.field(description="1 to 100, each of another number.")
    reason: str | None = optional(REASON)

    def to_models(self) -> list[GivenOrder | UserFault]:
        """Each order, or what is wrong with its values."""
        return [_read(each) for each in self.orders]


def _read(of: UpsertOrderInput) -> GivenOrder | UserFault:
    try:
        return of.to_model()
    except UserFault as fault:
        return fault


@strawberry.input(description="Changes to an order: what is left out stays.")
class UpdateOrderInput:
    """Fields of updateOrder."""

    id: strawberry.ID = strawberry.field(description="The order.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    status: OrderStatus | None = optional("How far it is; CANCELLED and REFUNDED are for good.")
    ordered_at: DateTime | None = optional("When.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Which orders; all given conditions hold.")
class OrderFilter:
    """Conditions on orders."""

    and_: list["OrderFilter"] | None = optional("All of these.", "and")
    or_: list["OrderFilter"] | None = optional("One of these.", "or")
    not_: "OrderFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The order's id.")
    customer_id: IdFilter | None = optional("Who bought.")
    number: StringFilter | None = optional("The number.")
    status: Filter[OrderStatus] | None = optional("How far it is.")
    total: AmountFilter | None = optional("What it came to.")
    ordered_at: DateTimeFilter | None = optional("When.")


@strawberry.enum(description="What orders can be sorted by.")
class OrderOrderField(Enum):
    """Values are document fields."""

    ORDERED_AT = strawberry.enum_value("ordered_at", description="When.")
    TOTAL = strawberry.enum_value("total.amount", description="What it came to, whatever the currency.")
    NUMBER = strawberry.enum_value("number", description="The number, by code points.")


@strawberry.input(description="One key to sort orders by.")
class OrderOrder:
    """A sort key."""

    field: OrderOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "customer_id": "customer_id",
    "number": "number",
    "status": "status",
    "total": "total.amount",
    "ordered_at": "ordered_at",
}


def condition(given: OrderFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a number."""
    named = {} if search is None else condition_of(OrderFilter(number=StringFilter(contains=search)), FIELDS)
    return every(condition_of(given, FIELDS), named)


LISTING: Final = Listing(
    "orders", OrderFilter, OrderOrder, condition, (Order("ordered_at", descending=True),), "the latest first"
)
