"""The inputs of pipelines."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_customers.pipelines.model import Stage, StageKind
from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every

Kind = strawberry.enum(StageKind, name="StageKind", description="What a stage means for the deals in it.")


@strawberry.input(description="A stage of a pipeline.")
class StageInput:
    """Fields of a stage."""

    key: str = strawberry.field(description="Its name for programs: capital letters, digits, underscores.")
    name: str = strawberry.field(description="Its name for people.")
    kind: StageKind = strawberry.field(default=StageKind.OPEN, description="OPEN where not given.")
    probability: int = strawberry.field(description="The chance of winning in percent: 100 for WON, 0 for LOST.")

    def to_model(self) -> Stage:
        """As the model knows it."""
        return Stage(key=self.key, name=self.name, kind=self.kind, probability=self.probability)


@strawberry.input(description="A new pipeline.")
class CreatePipelineInput:
    """Fields of createPipeline."""

    name: str = strawberry.field(description="Its name.")
    stages: list[StageInput] = strawberry.field(description="2 to 20, in order; at least one of each kind.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a pipeline: what is left out stays.")
class UpdatePipelineInput:
    """Fields of updatePipeline."""

    id: strawberry.ID = strawberry.field(description="The pipeline.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("Its name.")
    stages: list[StageInput] | None = optional("The whole new list; a stage in which deals stand must stay.")
    archived: bool | None = optional("Whether it takes no new deals.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Which pipelines; all given conditions hold.")
class PipelineFilter:
    """Conditions on pipelines."""

    id: IdFilter | None = optional("The pipeline's id.")
    name: StringFilter | None = optional("The name.")
    archived: bool | None = optional("Whether it takes no new deals.")


@strawberry.enum(description="What pipelines can be sorted by.")
class PipelineOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort pipelines by.")
class PipelineOrder:
    """A sort key."""

    field: PipelineOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {"id": "_id", "name": "name", "archived": "archived"}


def condition(given: PipelineFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a name."""
    named = {} if search is None else condition_of(PipelineFilter(name=StringFilter(contains=search)), FIELDS)
    return every(condition_of(given, FIELDS), named)


LISTING: Final = Listing(
    "pipelines", PipelineFilter, PipelineOrder, condition, (Order("created_at"),), "the oldest first"
)
