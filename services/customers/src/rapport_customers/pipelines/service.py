"""The use cases of pipelines."""

from collections.abc import Mapping, Sequence
from typing import Any

from rapport_customers.deals.repository import DealRepository
from rapport_customers.pipelines.errors import StageInUse
from rapport_customers.pipelines.model import STANDARD, Pipeline, Stage
from rapport_customers.pipelines.repository import PipelineRepository
from rapport_customers.work import CustomersWork
from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import NotAllowed
from rapport_shared.ids import new_id
from rapport_shared.persistence import Records, Transactions, transactional
from rapport_shared.rights import Policy, Reach, Verb

TYPE = "Pipeline"
ID_PREFIX = "pip"


class PipelineService(Records[Pipeline]):
    """Every public method is one use case, decided by the caller's rights (``by``)."""

    def __init__(
        self, transactions: Transactions[CustomersWork], pipelines: PipelineRepository, policy: Policy, clock: Clock
    ) -> None:
        super().__init__(pipelines, policy, TYPE)
        self.transactions = transactions
        self._clock = clock

    async def ensure_standard(self) -> None:
        """Make the standard pipeline where there is none at all."""
        if await self._records.count({}) == 0:
            await self._ensure_standard()

    @transactional
    async def _ensure_standard(self, work: CustomersWork) -> None:
        if await work.pipelines.count({}) == 0:
            await work.pipelines.save(
                Pipeline.create(new_id(ID_PREFIX), "Sales", STANDARD, now=self._clock()), by=SYSTEM
            )

    @transactional
    async def create(
        self, work: CustomersWork, name: str, stages: Sequence[Stage], *, idempotency_key: str | None, by: Actor
    ) -> Pipeline:
        """A new pipeline."""
        if self.scope(by, Verb.CREATE).reach is not Reach.ALL:
            raise NotAllowed("Your role may not create pipelines.", path=("input",))
        pipeline = Pipeline.create(new_id(ID_PREFIX), name, stages, now=self._clock())
        body = {"name": name, "stages": [str(stage) for stage in stages]}
        earlier = await work.idempotency.claim(
            idempotency_key, operation="createPipeline", by=by, body=body, result_id=pipeline.id
        )
        if earlier is not None:
            return await self.load(work.pipelines, earlier, Verb.READ, by=by)
        await work.pipelines.save(pipeline, by=by)
        return pipeline

    @transactional
    async def update(
        self,
        work: CustomersWork,
        identifier: str,
        changes: Mapping[str, Any],
        *,
        expected_version: int | None,
        by: Actor,
    ) -> Pipeline:
        """Change what is named; a stage in which deals stand stays."""
        pipeline = await self.load(work.pipelines, identifier, Verb.UPDATE, by=by)
        pipeline.expect_version(expected_version)
        before = {stage.key for stage in pipeline.stages}
        pipeline.update(changes, now=self._clock())
        await self._require_unused(work.deals, pipeline, before - {stage.key for stage in pipeline.stages})
        await work.pipelines.save(pipeline, by=by)
        return pipeline

    async def _require_unused(self, deals: DealRepository, pipeline: Pipeline, gone: set[str]) -> None:
        if gone and await deals.count({"pipeline_id": pipeline.id, "stage": {"$in": sorted(gone)}}):
            raise StageInUse("There are deals in a stage that would be gone.", path=("input", "stages"))
