"""The use cases of products."""

from collections.abc import Mapping
from typing import Any

from rapport_customers.products.model import Product
from rapport_customers.products.repository import ProductRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE = "Product"
ID_PREFIX = "prd"


class ProductService(Records[Product]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], products: ProductRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(products, policy, TYPE)
        self.transactions = transactions
        self._clock = clock

    @transactional
    async def create(
        self, work: CustomersWork, details: Mapping[str, Any], *, idempotency_key: str | None, by: Actor
    ) -> Product:
        """A new product; raises ProductCodeTaken."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create products.", path=("input",))
        product = Product.create(new_id(ID_PREFIX), details, now=self._clock())
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createProduct", by=by, body=details, result_id=product.id
        )
        if earlier is not None:
            return await self.load(work.products, earlier, Verb.READ, by=by)
        await work.products.save(product, by=by)
        return product

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Product:
        """Change what is named."""
        product = await self.load(work.products, identifier, Verb.UPDATE, by=by)
        product.expect_version(expected_version)
        product.update(changes, now=self._clock())
        await work.products.save(product, by=by)
        return product
