"""Pipelines in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.pipelines import model
from rapport_customers.pipelines.inputs import LISTING, CreatePipelineInput, UpdatePipelineInput
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="A stage of a pipeline.")
class Stage:
    """The GraphQL form of a stage."""

    key: str = strawberry.field(description="Its name for programs.")
    name: str = strawberry.field(description="Its name for people.")
    kind: model.StageKind = strawberry.field(description="What it means for the deals in it.")
    probability: int = strawberry.field(description="The chance of winning in percent.")


@strawberry.federation.type(keys=["id"], description="The stages that deals go through.")
class Pipeline:
    """The GraphQL form of a pipeline."""

    id: strawberry.ID = strawberry.field(description="Its id, `pip_…`.")
    name: str = strawberry.field(description="Its name.")
    stages: list[Stage] = strawberry.field(description="In the order that deals go through them.")
    archived: bool = strawberry.field(description="Whether it takes no new deals.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, pipeline: model.Pipeline) -> "Pipeline":
        """The public form."""
        return cls(
            id=strawberry.ID(pipeline.id),
            name=pipeline.name,
            stages=[
                Stage(key=stage.key, name=stage.name, kind=stage.kind, probability=stage.probability)
                for stage in pipeline.stages
            ],
            archived=pipeline.archived,
            created_at=DateTime(pipeline.created_at),
            updated_at=DateTime(pipeline.updated_at),
            version=pipeline.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Pipeline | None":
        """The pipeline of a representation, unless it is out of reach."""
        found = await info.context.pipeline_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The pipeline after a change, or what is wrong.")
class PipelinePayload:
    """Payload of every pipeline mutation."""

    pipeline: Pipeline | None = strawberry.field(default=None, description="The pipeline as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, pipeline: model.Pipeline) -> "PipelinePayload":
        """The payload of success."""
        return cls(pipeline=Pipeline.from_model(pipeline))


@strawberry.type
class PipelineQuery:
    """Reading pipelines."""

    @list_field("The pipelines that you may see.", LISTING)
    async def pipelines(self, info: Info, query: ListQuery) -> Connection[Pipeline]:
        """A page."""
        service, by = info.context.pipelines, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Pipeline.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class PipelineMutation:
    """Changing pipelines."""

    @mutation("Make a new pipeline; for managers.")
    async def create_pipeline(self, info: Info, input: CreatePipelineInput) -> PipelinePayload:
        """Create."""
        made = await info.context.pipelines.create(
            input.name,
            [stage.to_model() for stage in input.stages],
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return PipelinePayload.of(made)

    @mutation("Change a pipeline; for managers.")
    async def update_pipeline(self, info: Info, input: UpdatePipelineInput) -> PipelinePayload:
        """Update."""
        changes = details(input)
        if changes.get("stages") is not None:
            changes["stages"] = [stage.to_model() for stage in changes["stages"]]
        changed = await info.context.pipelines.update(
            input.id, changes, expected_version=given(input.expected_version), by=info.context.actor
        )
        return PipelinePayload.of(changed)
