"""A segment: the customers of whom a rule is true."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapport_customers.customers.values import valid_text
from rapport_customers.rules.reading import rule_of, told
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.segments import SegmentCreated, SegmentDeleted, SegmentState, SegmentUpdated


@dataclass(kw_only=True)
class Segment(Aggregate):
    """``rule`` is in its stored form; ``rule_version`` counts the rules it has had. A deleted one has no members."""

    name: str
    rule: Mapping[str, Any]
    rule_version: int = 1
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def create(cls, identifier: str, name: str, rule: Mapping[str, Any], *, now: datetime) -> "Segment":
        """A new segment; raises InvalidText, InvalidRule."""
        rule_of(rule)
        segment = cls(id=identifier, name=valid_text(name, "name"), rule=rule, created_at=now, updated_at=now)
        segment.record(SegmentCreated(segment_id=identifier, after=segment.state()))
        return segment

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named of ``name`` and ``rule``; null stays as it is."""
        checked = {name: value for name, value in changes.items() if value is not None}
        if "name" in checked:
            checked["name"] = valid_text(checked["name"], "name")
        if "rule" in checked:
            rule_of(checked["rule"])
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.rule_version += "rule" in changed
        self.updated_at = now
        self.record(SegmentUpdated(segment_id=self.id, changed=told(changed), before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Let everybody leave, for good."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(SegmentDeleted(segment_id=self.id, before=before, after=self.state()))

    def state(self) -> SegmentState:
        """What others may know."""
        return SegmentState(rule_version=self.rule_version, deleted=self.deleted_at is not None)
