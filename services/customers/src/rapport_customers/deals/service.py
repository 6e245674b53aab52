"""The use cases of deals."""

from collections.abc import Mapping, Sequence
from typing import Any

from rapport_customers.deals.errors import ContactNotFound, PipelineNotFound, ProductNotFound, StageNotFound
from rapport_customers.deals.lines import Line
from rapport_customers.deals.model import ChainLink, Deal, DealStatus
from rapport_customers.deals.repository import DealRepository
from rapport_customers.lifecycle.service import follow_deal
from rapport_customers.pipelines.model import Stage, StageKind
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import EVERYTHING, Policy, Verb

TYPE = "Deal"
ID_PREFIX = "dea"


class DealService(Records[Deal]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], deals: DealRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(deals, policy, TYPE)
        self._deals = deals
        self.transactions = transactions
        self._clock = clock

    async def ever_on(self, customer_ids: Sequence[str]) -> dict[str, list[Deal]] | None:
        """What hangs, or once hung, on some customers, whoever's it is: for a decision about each of it."""
        return await self._deals.ever_on(customer_ids)

    @transactional
    async def create(
        self,
        work: CustomersWork,
        customer_id: str,
        details: Mapping[str, Any],
        *,
        pipeline_id: str | None,
        stage: str | None,
        idempotency_key: str | None,
        by: Actor,
    ) -> Deal:
        """A new deal; in the oldest pipeline and its first stage where none is named."""
        self._policy.check_fields(by, TYPE, (*details, *(() if stage is None else ("stage",))))
        identifier = new_id(ID_PREFIX)
        body = {**details, "customer_id": customer_id, "pipeline_id": pipeline_id, "stage": stage}
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createDeal", by=by, body=body, result_id=identifier
        )
        if earlier is not None:
            return await self.load(work.deals, earlier, Verb.READ, by=by)
        pipeline = await work.pipelines.open_one(pipeline_id)
        if pipeline is None:
            raise PipelineNotFound("No open pipeline has this id.", path=("input", "pipelineId"))
        first = next(known for known in pipeline.stages if known.kind is StageKind.OPEN)
        entered = first if stage is None else pipeline.stage(stage)
        deal = Deal.create(
            identifier,
            await self._with_products(work, details),
            stage=_found(entered),
            by=by.id,
            now=self._clock(),
            pipeline_id=pipeline.id,
            customer_id=customer_id,
            customer_owner_id=await work.owner_of(customer_id, self._policy.scope(by, Verb.READ, "Customer")),
        )
        await self._require_contacts(work, deal.decision_chain, customer_id, by)
        if not self.scope(by, Verb.CREATE).admits(deal):
            raise NotAllowed("Your role may not create deals of this customer.", path=("input", "customerId"))
        await work.deals.save(deal, by=by)
        return deal

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Deal:
        """Change what is named."""
        self._policy.check_fields(by, TYPE, changes)
        deal = await self.load(work.deals, identifier, Verb.UPDATE, by=by)
        deal.expect_version(expected_version)
        await self._require_contacts(work, changes.get("decision_chain"), deal.customer_id, by)
        deal.update(await self._with_products(work, changes), now=self._clock())
        await work.deals.save(deal, by=by)
        return deal

    @transactional
    async def move(
        self,
        work: CustomersWork,
        identifier: str,
        stage: str,
        *,
        reason: str | None,
        expected_version: int | None,
        by: Actor,
    ) -> Deal:
        """Bring a deal to a stage of its pipeline."""
        self._policy.check_fields(by, TYPE, ("stage",))
        deal = await self.load(work.deals, identifier, Verb.UPDATE, by=by)
        deal.expect_version(expected_version)
        pipeline = await work.pipelines.of_deal(deal.pipeline_id)
        deal.move(_found(pipeline.stage(stage)), by=by.id, reason=reason, now=self._clock())
        await work.deals.save(deal, by=by)
        if deal.status is DealStatus.WON:
            await self._won(work, deal)
        return deal

    @transactional
    async def delete(self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor) -> Deal:
        """Put a deal away; it can be restored."""
        deal = await self.load(work.deals, identifier, Verb.DELETE, by=by)
        deal.expect_version(expected_version)
        deal.delete(now=self._clock())
        await work.deals.save(deal, by=by)
        return deal

    @transactional
    async def restore(self, work: CustomersWork, identifier: str, *, expected_version: int | None, by: Actor) -> Deal:
        """Bring a deleted deal back."""
        deal = await self.load(work.deals, identifier, Verb.DELETE, deleted=True, by=by)
        deal.expect_version(expected_version)
        deal.restore(now=self._clock())
        await work.deals.save(deal, by=by)
        return deal

    async def _won(self, work: CustomersWork, deal: Deal) -> None:
        customer = await work.customers.held(deal.customer_id, EVERYTHING)
        if customer is not None:
            await follow_deal(work, customer, now=self._clock())

    async def _require_contacts(
        self, work: CustomersWork, links: Sequence[ChainLink] | None, customer_id: str, by: Actor
    ) -> None:
        named = {link.contact_id for link in links or ()}
        if not named:
            return
        found = await work.contacts.find_many(named, self._policy.scope(by, Verb.READ, "Contact"))
        there = {key for key, each in found.items() if each.customer_id == customer_id and each.deleted_at is None}
        if there != named:
            message = "A decision chain names contacts of the deal's customer."
            raise ContactNotFound(message, path=("input", "decisionChain"))

    async def _with_products(self, work: CustomersWork, details: Mapping[str, Any]) -> dict[str, Any]:
        lines: list[Line] | None = details.get("lines")
        named = {line.product_id for line in lines or () if line.product_id is not None}
        if named and await work.products.active(named) != named:
            raise ProductNotFound("A line names no product that is sold.", path=("input", "lines"))
        return dict(details)


def _found(stage: Stage | None) -> Stage:
    if stage is None:
        raise StageNotFound("The pipeline has no stage of this key.", path=("input", "stage"))
    return stage
