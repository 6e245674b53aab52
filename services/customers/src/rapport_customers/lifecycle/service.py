"""The use cases of lifecycles: what is known of the way of customers, and the moves that facts make by themselves."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.facts import stored_facts
from rapport_customers.customers.model import Customer, CustomerStage
from rapport_customers.deals.model import Deal
from rapport_customers.deals.repository import DealRepository
from rapport_customers.lifecycle.model import (
    BY_DEALS,
    BY_ORDERS,
    StageSummary,
    Stay,
    stage_after_deal,
    stage_after_order,
)
from rapport_customers.lifecycle.repository import StayRepository
from rapport_customers.orders.repository import OrderRepository
from rapport_customers.projections.touches import Touches
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.errors import BadInput, Forbidden
from rapport_shared.rights import Policy, Reach, Scope, Verb

TYPE: Final = "Customer"


class LifecycleService:
    """Whoever reads a customer reads its lifecycle; what is known from deals and orders, whoever reads those."""

    def __init__(
        self,
        stays: StayRepository,
        deals: DealRepository,
        orders: OrderRepository,
        touches: Touches,
        policy: Policy,
    ) -> None:
        self._stays = stays
        self._deals = deals
        self._orders = orders
        self._touches = touches
        self._policy = policy

    async def stays(self, customer_ids: Sequence[str]) -> dict[str, list[Stay]]:
        """Of customers that the caller must have found within reach; one query."""
        return await self._stays.of_customers(customer_ids)

    async def deals(self, customer_ids: Sequence[str], *, by: Actor) -> dict[str, list[Deal]]:
        """The deals of each customer that ``by`` may read; one query."""
        return await self._deals.of_customers(customer_ids, self._policy.scope(by, Verb.READ, "Deal"))

    async def bought_again(self, first: Mapping[str, datetime], *, by: Actor) -> dict[str, datetime]:
        """When each customer ordered after its first order, as far as ``by`` may read orders; one query."""
        return await self._orders.next_after(first, self._policy.scope(by, Verb.READ, "Order"))

    async def spoken(self, after: Mapping[str, datetime | None], *, by: Actor) -> dict[str, datetime]:
        """When customers within reach were first spoken with, or first after the time given for each; one query.

        Nothing for who may read no communications.
        """
        if self._policy.reach(by, Verb.READ, "Interaction") is Reach.NONE:
            return {}
        return await self._touches.first_spoken(after)

    async def summaries(self, since: datetime, until: datetime, *, by: Actor) -> list[StageSummary]:
        """Each stage: how many of the customers within reach are in it, and how long they stayed that left it."""
        reach = self._policy.scope(by, Verb.READ, TYPE)
        if reach.reach is Reach.NONE:
            raise Forbidden("Your role may not read customers.")
        if since >= until:
            raise BadInput("The time asked about ends before it begins.")
        hanging = Scope(reach.reach, reach.owners, ("customer_owner_id",))
        return await self._stays.summaries(since, until, reach, hanging)


async def follow_orders(
    work: CustomersWork, customers: Collection[Customer], facts: Mapping[str, Mapping[str, Any]], *, now: datetime
) -> None:
    """Keep what customers bought, and move those who bought more, as they were loaded in this transaction.

    ``facts`` are what orders say of whom, by id. Each customer is written once.
    """
    stages = {each.id: stage_after_order(each.stage, facts[each.id]["order_count"]) for each in customers}
    moving = [each for each in customers if stages[each.id] is not each.stage]
    moved = moving if moving and (await work.handling.current()).follows_facts else []
    for each in moved:
        each.update({"stage": stages[each.id]}, now=now)
    beside = {each.id: stored_facts(facts[each.id]) for each in moved}
    await work.customers.save_all(moved, by=BY_ORDERS, beside=beside)
    await work.customers.learn_all({key: dict(known) for key, known in facts.items() if key not in beside})


async def follow_deal(work: CustomersWork, customer: Customer, *, now: datetime) -> None:
    """A deal of the customer, as it was loaded in this transaction, was won."""
    await _move(work, customer, stage_after_deal(customer.stage), by=BY_DEALS, now=now)


async def _move(work: CustomersWork, customer: Customer, stage: CustomerStage, *, by: Actor, now: datetime) -> None:
    if stage is not customer.stage and (await work.handling.current()).follows_facts:
        customer.update({"stage": stage}, now=now)
        await work.customers.save(customer, by=by)
