"""Orders in GraphQL: translate, call, translate."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.deals.types import Line
from rapport_customers.orders import model
from rapport_customers.orders.inputs import LISTING, CreateOrderInput, UpdateOrderInput, UpsertOrdersInput
from rapport_shared.errors import UserFault
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, at_most, list_field, nested_connection
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


@strawberry.type(description="What became of one order.")
class UpsertedOrder:
    """The GraphQL form of a placed order."""

    outcome: model.UpsertOutcome = strawberry.field(description="What became of it.")
    order: Order | None = strawberry.field(description="The order as it stands now; null where it was refused.")
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with it, its path from the input on, such as [input, orders, 3, number]."
    )

    @classmethod
    def from_model(cls, place: int, placed: model.PlacedOrder) -> "UpsertedOrder":
        """The public form of the one at this place of the batch, from 0."""
        order = None if placed.order is None else Order.from_model(placed.order)
        faults = () if placed.fault is None else (placed.fault, *placed.fault.more)
        return cls(outcome=placed.outcome, order=order, user_errors=[_error_at(place, fault) for fault in faults])


def _error_at(place: int, fault: UserFault) -> UserError:
    """Where the fault stands in the batch; its orders are named by their numbers, not by ids."""
    field = ["number" if name == "id" else name for name in fault.path[1:]]
    return UserError(code=fault.code, message=fault.message, path=["input", "orders", str(place), *field])


@strawberry.type(description="What became of each order, or what is wrong with the batch.")
class UpsertOrdersPayload:
    """Payload of upsertOrders."""

    results: list[UpsertedOrder] = strawberry.field(
        default_factory=list,
        description="One for each order, in their order; those that were refused do not touch the others.",
        directives=[at_most(model.MAX_BATCH)],
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the batch itself; empty when it was taken."
    )

    @classmethod
    def of(cls, placed: Sequence[model.PlacedOrder]) -> "UpsertOrdersPayload":
        """The payload of a batch that was taken."""
        return cls(results=[UpsertedOrder.from_model(place, each) for place, each in enumerate(placed)])


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
        key = given(input.idempotency_key)
        return OrderPayload.of(
            await info.context.orders.create(input.to_model(), idempotency_key=key, by=info.context.actor)
        )

    @mutation(
        "Take over orders of another system: make those whose number is new, and change the others. Each is decided by "
        "itself, as `createOrder` and `updateOrder` do; sending the same ones again changes nothing."
    )
    async def upsert_orders(self, info: Info, input: UpsertOrdersInput) -> UpsertOrdersPayload:
        """Create or change."""
        return UpsertOrdersPayload.of(await info.context.orders.upsert(input.to_models(), by=info.context.actor))

    @mutation("Change an order: how far it is, or when it was.")
    async def update_order(self, info: Info, input: UpdateOrderInput) -> OrderPayload:
        """Update."""
        changed = await info.context.orders.update(
            input.id, details(input), expected_version=given(input.expected_version), by=info.context.actor
        )
        return OrderPayload.of(changed)
