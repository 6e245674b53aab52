"""The base of the domain's aggregates: state that is guarded, and the events that its changes are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rapport_shared.errors import VersionConflict
from rapport_shared.events import Event


@dataclass(kw_only=True)
class Aggregate:
    """Something with an identity and a history; each recorded event is one version."""

    id: str
    version: int = 0
    _recorded: list[Event] = field(default_factory=list, repr=False, compare=False)

    def record(self, event: Event) -> None:
        """Note that something happened; it is published when the aggregate is saved."""
        self.version += 1
        self._recorded.append(event)

    def differing(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The attributes that have other values than these, sorted by name."""
        return tuple(sorted(name for name, value in values.items() if getattr(self, name) != value))

    def assign(self, values: Mapping[str, Any]) -> None:
        """Set attributes to values that have been checked."""
        for name, value in values.items():
            setattr(self, name, value)

    @property
    def stored_version(self) -> int:
        """The version that was loaded; 0 for an aggregate that has never been saved."""
        return self.version - len(self._recorded)

    @property
    def recorded(self) -> tuple[Event, ...]:
        """The events since the aggregate was loaded or saved, oldest first."""
        return tuple(self._recorded)

    def expect_version(self, expected: int | None) -> None:
        """Raise VersionConflict, with this record, where a caller's ``expectedVersion`` is not the current one."""
        if expected is not None and expected != self.version:
            message = f"The record has changed since version {expected}; it is at version {self.version} now."
            raise VersionConflict(message, path=("input", "expectedVersion"), current=self)

    def forget_recorded(self) -> None:
        """Called once the recorded events are stored."""
        self._recorded.clear()
