"""Events of the customers service about deals and what they are made of."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class PipelineState:
    """The keys of a pipeline's stages, in order; whether it takes no new deals any more."""

    stages: tuple[str, ...]
    archived: bool


@event("customers.pipeline.created", version=1, subject="pipeline_id")
class PipelineCreated(Event):
    """A pipeline exists."""

    pipeline_id: str
    after: PipelineState


@event("customers.pipeline.updated", version=1, subject="pipeline_id")
class PipelineUpdated(Event):
    """A pipeline changed; ``changed`` names the fields."""

    pipeline_id: str
    changed: tuple[str, ...]
    before: PipelineState
    after: PipelineState


@dataclass(frozen=True, kw_only=True)
class DealState:
    """Where a deal stands, and what decides who may see it. Amounts are fetched by id, under the reader's rights."""

    customer_id: str
    customer_owner_id: str | None
    pipeline_id: str
    stage: str
    status: str
    deleted: bool = False


@event("customers.deal.created", version=1, subject="deal_id")
class DealCreated(Event):
    """A deal exists."""

    deal_id: str
    after: DealState


@event("customers.deal.updated", version=1, subject="deal_id")
class DealUpdated(Event):
    """A deal changed, or moved to another stage; ``changed`` names the fields."""

    deal_id: str
    changed: tuple[str, ...]
    before: DealState
    after: DealState


@event("customers.deal.deleted", version=1, subject="deal_id")
class DealDeleted(Event):
    """A deal was put away; it can be restored."""

    deal_id: str
    before: DealState
    after: DealState


@event("customers.deal.restored", version=1, subject="deal_id")
class DealRestored(Event):
    """A deleted deal is back."""

    deal_id: str
    before: DealState
    after: DealState
