"""A pipeline: the stages that a deal goes through, and what each says of its chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers.values import is_key, valid_name
from rapport_customers.pipelines.errors import InvalidStages
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.deals import PipelineCreated, PipelineState, PipelineUpdated

MAX_STAGES: Final = 20


class StageKind(StrEnum):
    """What a stage means for the deals in it."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """``probability`` is the chance in percent that a deal in this stage is won: 100 when WON, 0 when LOST."""

    key: str
    name: str
    kind: StageKind = StageKind.OPEN
    probability: int


@dataclass(kw_only=True)
class Pipeline(Aggregate):
    """Stages in the order that deals go through them; an archived pipeline takes no new deals."""

    name: str
    stages: tuple[Stage, ...]
    archived: bool = False
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, identifier: str, name: str, stages: Sequence[Stage], *, now: datetime) -> "Pipeline":
        """A new pipeline; raises the fault of a bad value."""
        pipeline = cls(
            id=identifier, name=valid_name(name), stages=valid_stages(stages), created_at=now, updated_at=now
        )
        pipeline.record(PipelineCreated(pipeline_id=identifier, after=pipeline.state()))
        return pipeline

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named of ``name``, ``stages`` and ``archived``; null stays as it is."""
        checked = {name: _RULES[name](value) for name, value in changes.items() if value is not None}
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(PipelineUpdated(pipeline_id=self.id, changed=changed, before=before, after=self.state()))

    def stage(self, key: str) -> Stage | None:
        """The stage of this key."""
        return next((stage for stage in self.stages if stage.key == key), None)

    def state(self) -> PipelineState:
        """What others may know."""
        return PipelineState(stages=tuple(stage.key for stage in self.stages), archived=self.archived)


def valid_stages(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Checked; the names trimmed. Raises InvalidStages."""
    path = ("input", "stages")
    if not 2 <= len(stages) <= MAX_STAGES or len({stage.key for stage in stages}) < len(stages):
        raise InvalidStages(f"A pipeline has 2 to {MAX_STAGES} stages, each of its own key.", path=path)
    if {stage.kind for stage in stages} != set(StageKind):
        raise InvalidStages("A pipeline has at least one stage of each kind: OPEN, WON and LOST.", path=path)
    return tuple(_valid_stage(stage, path) for stage in stages)


def _valid_stage(stage: Stage, path: tuple[str, ...]) -> Stage:
    key = stage.key
    if not is_key(key):
        raise InvalidStages("A stage's key has capital letters, digits and underscores, such as PROPOSAL.", path=path)
    certain = {StageKind.WON: 100, StageKind.LOST: 0}.get(stage.kind)
    if not 0 <= stage.probability <= 100 or certain not in {None, stage.probability}:
        raise InvalidStages("A probability is 0 to 100: 100 for a WON stage, 0 for a LOST one.", path=path)
    return Stage(key=key, name=valid_name(stage.name), kind=stage.kind, probability=stage.probability)


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {"name": valid_name, "stages": valid_stages, "archived": bool}
STANDARD: Final = (
    Stage(key="QUALIFIED", name="Qualified", probability=20),
    Stage(key="PROPOSAL", name="Proposal", probability=50),
    Stage(key="NEGOTIATION", name="Negotiation", probability=75),
    Stage(key="WON", name="Won", kind=StageKind.WON, probability=100),
    Stage(key="LOST", name="Lost", kind=StageKind.LOST, probability=0),
)
