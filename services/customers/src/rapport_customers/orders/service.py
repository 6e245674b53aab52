"""The use cases of orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from rapport_customers.deals.errors import ProductNotFound
from rapport_customers.deals.lines import Line
from rapport_customers.lifecycle.service import follow_order
from rapport_customers.orders.model import Order, OrderStatus
from rapport_customers.orders.repository import OrderRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.money import Money
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Verb

TYPE = "Order"
ID_PREFIX = "ord"


class OrderService(Records[Order]):
    """Every public method is one use case, decided by the caller's rights (``by``).

    Each change counts what the customer bought anew, in its own transaction: the facts on the customer are never
    older than its orders.
    """

    def __init__(
        self, transactions: Transactions[CustomersWork], orders: OrderRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(orders, policy, TYPE)
        self.transactions = transactions
        self._clock = clock

    @transactional
    async def create(
        self,
        work: CustomersWork,
        customer_id: str,
        *,
        number: str,
        ordered_at: datetime | None,
        status: OrderStatus,
        lines: Sequence[Line],
        total: Money | None,
        idempotency_key: str | None,
        by: Actor,
    ) -> Order:
        """A new order; of now, where no time is given. Raises OrderNumberTaken."""
        self._policy.check_fields(by, TYPE, ("lines", *(() if total is None else ("total",))))
        identifier, now = new_id(ID_PREFIX), self._clock()
        body = [customer_id, number, ordered_at, status, lines, total]
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createOrder", by=by, body=body, result_id=identifier
        )
        if earlier is not None:
            return await self.load(work.orders, earlier, Verb.READ, by=by)
        named = {line.product_id for line in lines if line.product_id is not None}
        if named and await work.products.active(named) != named:
            raise ProductNotFound("A line names no product that is sold.", path=("input", "lines"))
        customer = await work.holding(customer_id, self._policy.scope(by, Verb.READ, "Customer"))
        order = Order.create(
            identifier,
            customer_id=customer_id,
            customer_owner_id=customer.owner_id,
            number=number,
            ordered_at=ordered_at or now,
            status=status,
            lines=lines,
            total_given=total,
            now=now,
        )
        if not self.scope(by, Verb.CREATE).admits(order):
            raise NotAllowed("Your role may not create orders of this customer.", path=("input", "customerId"))
        await work.orders.save(order, by=by)
        as_of = max(now, customer.facts.orders_as_of or now)
        if order.counts:
            await work.customers.count_order(customer_id, order.total, order.ordered_at, as_of=as_of)
            await follow_order(work, customer, count=customer.facts.order_count + 1, now=now)
        else:
            await work.customers.learn(customer_id, {"orders_as_of": as_of})
        return order

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Order:
        """Change what is named."""
        self._policy.check_fields(by, TYPE, changes)
        order = await self.load(work.orders, identifier, Verb.UPDATE, by=by)
        order.expect_version(expected_version)
        order.update(changes, now=self._clock())
        if not order.recorded:
            return order
        await work.orders.save(order, by=by)
        await work.learn_orders(order.customer_id)
        return order
