"""Orders that somebody tells of, taken over in one transaction: one or a batch, in as many database calls."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.errors import CustomerIsErased, CustomerNotFound
from rapport_customers.customers.facts import with_orders
from rapport_customers.customers.model import Customer
from rapport_customers.deals.errors import ProductNotFound
from rapport_customers.lifecycle.service import follow_orders
from rapport_customers.orders.errors import AmbiguousCustomer, NumberRepeated, OrderNumberTaken
from rapport_customers.orders.model import GivenOrder, Order, OrderStatus, PlacedOrder, UpsertOutcome
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.errors import NotAllowed, UserFault
from rapport_shared.ids import new_id
from rapport_shared.rights import Policy, Scope, Verb

TYPE: Final = "Order"
ID_PREFIX: Final = "ord"
Given = GivenOrder | UserFault
"""An order, or what is wrong with it already."""


class Placing:
    """What a batch reads it reads once, and writes once; what is wrong with one order does not touch the others."""

    def __init__(self, work: CustomersWork, policy: Policy, *, by: Actor, now: datetime) -> None:
        self._work = work
        self._policy = policy
        self._by = by
        self._now = now
        self._known: Mapping[str, Order] = {}
        self._customers: dict[str, Customer] = {}
        self._by_external_id: dict[str, Customer] = {}
        self._sold: set[str] = set()
        self._made: list[Order] = []
        self._changed: list[Order] = []

    async def create(self, given: GivenOrder, identifier: str) -> Order:
        """One new order. Raises what is wrong with it, OrderNumberTaken where there is one of this number."""
        await self._read([given])
        order = self._create(given, identifier)
        await self._write()
        return order

    async def upsert(self, rows: Sequence[Given]) -> list[PlacedOrder]:
        """Make the orders whose number is new, and change the others; what became of each, in their order."""
        orders = [row for row in rows if isinstance(row, GivenOrder)]
        self._known = await self._work.orders.by_number([order.number for order in orders], self._scope(Verb.UPDATE))
        await self._read(orders)
        taken: set[str] = set()
        placed = [self._placed(row, taken) for row in rows]
        await self._write()
        return placed

    async def _read(self, rows: Sequence[GivenOrder]) -> None:
        """The customers and products that these orders name, as far as they are within reach."""
        scope = self._policy.scope(self._by, Verb.READ, "Customer")
        named = {row.customer_id for row in rows if row.customer_id is not None}
        if named:
            found = await self._work.customers.find_many(named, scope)
            self._customers = {key: each for key, each in found.items() if each.deleted_at is None}
        external = sorted({row.customer_external_id for row in rows if row.customer_external_id is not None})
        if external:
            self._by_external_id = await self._work.customers.by_external_id(external, scope)
        products = {line.product_id for row in rows for line in row.lines or () if line.product_id is not None}
        if products:
            self._sold = await self._work.products.active(products)

    def _placed(self, row: Given, taken: set[str]) -> PlacedOrder:
        """One of the batch, whose earlier numbers are ``taken``."""
        try:
            if isinstance(row, UserFault):
                raise row
            if row.number in taken:
                raise NumberRepeated("An earlier order of this batch has this number.", path=("input", "number"))
            taken.add(row.number)
            if row.number in self._known:
                return self._change(row, self._known[row.number])
            return PlacedOrder(UpsertOutcome.CREATED, self._create(row, new_id(ID_PREFIX)))
        except UserFault as fault:
            return PlacedOrder(UpsertOutcome.REFUSED, fault=fault)

    def _create(self, row: GivenOrder, identifier: str) -> Order:
        self._policy.check_fields(self._by, TYPE, ("lines", *(() if row.total is None else ("total",))))
        self._require_sold(row)
        customer = self._customer(row)
        order = Order.create(
            identifier,
            customer_id=customer.id,
            customer_owner_id=customer.owner_id,
            number=row.number,
            ordered_at=row.ordered_at or self._now,
            status=row.status or OrderStatus.PLACED,
            lines=row.lines or (),
            total_given=row.total,
            now=self._now,
        )
        if not self._scope(Verb.CREATE).admits(order):
            raise NotAllowed("Your role may not create orders of this customer.", path=("input", "customerId"))
        self._made.append(order)
        return order

    def _change(self, row: GivenOrder, order: Order) -> PlacedOrder:
        details = row.details()
        self._policy.check_fields(self._by, TYPE, details)
        if not self._scope(Verb.READ).admits(order) or self._is_anothers(row, order):
            raise OrderNumberTaken("Another order has this number.", path=("input", "number"))
        if not self._scope(Verb.UPDATE).admits(order):
            raise NotAllowed("You may not change this order.", path=("input", "number"))
        self._require_sold(row, order)
        order.update(details, now=self._now)
        if not order.recorded:
            return PlacedOrder(UpsertOutcome.UNCHANGED, order)
        self._changed.append(order)
        return PlacedOrder(UpsertOutcome.UPDATED, order)

    def _is_anothers(self, row: GivenOrder, order: Order) -> bool:
        is_named = row.customer_id is not None or row.customer_external_id is not None
        return is_named and self._customer(row).id != order.customer_id

    def _customer(self, row: GivenOrder) -> Customer:
        if row.customer_id is not None and row.customer_external_id is not None:
            message = "A customer is named by its id or by its external id, not by both."
            raise AmbiguousCustomer(message, path=("input", "customerExternalId"))
        if row.customer_external_id is None:
            found, field = self._customers.get(row.customer_id or ""), "customerId"
        else:
            found, field = self._by_external_id.get(row.customer_external_id), "customerExternalId"
        if found is None:
            raise CustomerNotFound("There is no such customer.", path=("input", field))
        if found.erased_at is not None:
            raise CustomerIsErased("This customer was erased.", path=("input", field))
        return found

    def _require_sold(self, row: GivenOrder, order: Order | None = None) -> None:
        """What an order names already it may go on naming."""
        known = {line.product_id for line in order.lines} if order is not None else set()
        named = {line.product_id for line in row.lines or () if line.product_id is not None}
        if not named <= self._sold | known:
            raise ProductNotFound("A line names no product that is sold.", path=("input", "lines"))

    def _scope(self, verb: Verb) -> Scope:
        return self._policy.scope(self._by, verb, TYPE)

    async def _write(self) -> None:
        """Orders, and what they say of their customers: facts are never older than the orders."""
        await self._work.orders.save_all([*self._made, *self._changed], by=self._by)
        changed = {order.customer_id for order in self._changed}
        facts = await self._work.orders.facts(sorted(changed)) if changed else {}
        by_id = {each.id: each for each in (*self._customers.values(), *self._by_external_id.values())}
        for customer_id in sorted({order.customer_id for order in self._made} - changed):
            theirs = [order for order in self._made if order.customer_id == customer_id]
            facts[customer_id] = self._more(by_id[customer_id], theirs)
        buyers = {order.customer_id for order in self._made if order.counts}
        await follow_orders(self._work, [by_id[each] for each in sorted(buyers)], facts, now=self._now)

    def _more(self, customer: Customer, orders: Iterable[Order]) -> dict[str, Any]:
        """What orders say of a customer who has these more."""
        counting = [(order.total, order.ordered_at) for order in orders if order.counts]
        counted = with_orders(customer.facts, counting) if counting else {}
        return {**counted, "orders_as_of": max(self._now, customer.facts.orders_as_of or self._now)}
