"""The use cases of orders."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from rapport_customers.orders.errors import InvalidBatch, OrderNumberTaken
from rapport_customers.orders.model import MAX_BATCH, GivenOrder, Order, PlacedOrder
from rapport_customers.orders.placing import ID_PREFIX, TYPE, Given, Placing
from rapport_customers.orders.repository import OrderRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

ATTEMPTS: Final = 5


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
    async def create(self, work: CustomersWork, given: GivenOrder, *, idempotency_key: str | None, by: Actor) -> Order:
        """A new order; of now, where no time is given. Raises OrderNumberTaken."""
        identifier = new_id(ID_PREFIX)
        body = [given.customer_id, given.number, given.ordered_at, given.status, given.lines, given.total]
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createOrder", by=by, body=body, result_id=identifier
        )
        if earlier is not None:
            return await self.load(work.orders, earlier, Verb.READ, by=by)
        return await Placing(work, self._policy, by=by, now=self._clock()).create(given, identifier)

    async def upsert(self, rows: Sequence[Given], *, by: Actor) -> list[PlacedOrder]:
        """What became of each of up to 100 orders, told by number: the same ones again change nothing.

        Raises NotAllowed for who may neither make nor change any, InvalidBatch.
        """
        if all(self._policy.reach(by, verb, TYPE) is Reach.NONE for verb in (Verb.CREATE, Verb.UPDATE)):
            raise NotAllowed("Your role may neither create nor change orders.", path=("input", "orders"))
        if not 1 <= len(rows) <= MAX_BATCH:
            raise InvalidBatch(f"A batch has 1 to {MAX_BATCH} orders.", path=("input", "orders"))
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._upsert(rows, by=by)
            except OrderNumberTaken:
                continue  # somebody else has made one of them meanwhile: now it is found
        return await self._upsert(rows, by=by)

    @transactional
    async def _upsert(self, work: CustomersWork, rows: Sequence[Given], *, by: Actor) -> list[PlacedOrder]:
        return await Placing(work, self._policy, by=by, now=self._clock()).upsert(rows)

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
