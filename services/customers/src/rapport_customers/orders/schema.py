"""Orders in GraphQL: translate, call, translate."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.deals.types import Line
from rapport_customers.orders import model
from rapport_customers.orders.inputs import LISTING, CreateOrderInput, UpdateOrderInput
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.money import Money
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.federation.type(keys=["id"], description="What a customer bought.")
class Order:
    """The GraphQL form of an order."""

    id: strawberry.ID = strawberry.field(description="Its id, `ord_…`.")
    customer_id: strawberry.ID = strawberry.field(description="The id of who bought.")
    number: str = strawberry.field(description="Its number; unique.")
    ordered_at: DateTime = strawberry.field(description="When.")
    status: model.OrderStatus = strawberry.field(description="How far it is.")
    lines: list[Line] | None = strawberry.field(description="What was bought.")
    total: Money | None = strawberry.field(description="What it came to.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    hidden_fields: list[str] = hidden_fields_of("Order")

    @strawberry.field(description="Who bought; null where you may not see the customer.")
    async def customer(self, info: Info) -> LazyCustomer | None:
        """By id, batched."""
        node: LazyCustomer | None = await info.context.customer_node(str(self.customer_id))
        return node

    @classmethod
    def from_model(cls, order: model.Order) -> "Order":
        """The public form."""
        return cls(
            id=strawberry.ID(order.id),
            customer_id=strawberry.ID(order.customer_id),
            number=order.number,
            ordered_at=DateTime(order.ordered_at),
            status=order.status,
            lines=[Line.from_model(line) for line in order.lines],
            total=Money.from_model(order.total),
            created_at=DateTime(order.created_at),
            updated_at=DateTime(order.updated_at),
            version=order.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Order | None":
        """The order of a representation, unless it is out of reach."""
        found = await info.context.order_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The order after a change, or what is wrong.")
class OrderPayload:
    """Payload of every order mutation."""

    order: Order | None = strawberry.field(default=None, description="The order as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, order: model.Order) -> "OrderPayload":
        """The payload of success."""
        return cls(order=Order.from_model(order))


@strawberry.type
class CustomerOrders:
    """What orders add to a customer."""

    id: strawberry.ID

    @list_field("What the customer bought.", LISTING)
    async def orders(self, info: Info, query: ListQuery) -> Connection[Order]:
        """One query for any number of customers."""
        return await nested_connection(info.context.orders_of_customer, str(self.id), query, Order.from_model)


@strawberry.type
class OrderQuery:
    """Reading orders."""

    @strawberry.field(description="One order; null where there is none, or none that you may see.")
    async def order(self, info: Info, id: strawberry.ID) -> Order | None:
        """By id."""
        found = await info.context.orders.find(id, by=info.context.actor)
        return None if found is None else Order.from_model(found)

    @list_field("The orders that you may see.", LISTING)
    async def orders(self, info: Info, query: ListQuery) -> Connection[Order]:
        """A page."""
        service, by = info.context.orders, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Order.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class OrderMutation:
    """Changing orders."""

    @mutation("Note what a customer bought.")
    async def create_order(self, info: Info, input: CreateOrderInput) -> OrderPayload:
        """Create."""
        total = given(input.total)
        made = await info.context.orders.create(
            input.customer_id,
            number=input.number,
            ordered_at=given(input.ordered_at),
            status=input.status,
            lines=[line.to_model() for line in input.lines],
            total=None if total is None else total.to_model("total"),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return OrderPayload.of(made)

    @mutation("Change an order: how far it is, or when it was.")
    async def update_order(self, info: Info, input: UpdateOrderInput) -> OrderPayload:
        """Update."""
        changed = await info.context.orders.update(
            input.id, details(input), expected_version=given(input.expected_version), by=info.context.actor
        )
        return OrderPayload.of(changed)
