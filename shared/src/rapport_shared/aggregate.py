"""The base of the domain's aggregates: state that is guarded, and the events that its changes are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from rapport_shared.errors import VersionConflict
from rapport_shared.events import Event


@dataclass(kw_only=True)
class Aggregate:
    """Something with an identity and a history; each recorded event is one version.

    ``open_fields`` are attributes whose values are mappings: what differs in one is named ``field.key``.
    """

    open_fields: ClassVar[frozenset[str]] = frozenset()

    id: str
    version: int = 0
    _recorded: list[Event] = field(default_factory=list, repr=False, compare=False)

    def record(self, event: Event) -> None:
        """Note that something happened; it is published when the aggregate is saved."""
        self.version += 1
        self._recorded.append(event)

    def differing(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The attributes that have other values than these, sorted by name."""
        stored = {name: getattr(self, name) for name in values}
        return differing_names(self.flat(stored), self.flat(values))

    def flat(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The values with open fields taken apart: ``{"custom": {"size": 3}}`` is ``{"custom.size": 3}``."""
        found: dict[str, Any] = {}
        for name, value in values.items():
            if name in self.open_fields:
                found |= {f"{name}.{key}": inner for key, inner in (value or {}).items()}
            else:
                found[name] = value
        return found

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


A = TypeVar("A", bound=Aggregate)


@dataclass(frozen=True, slots=True)
class Change(Generic[A]):
    """An aggregate that is being saved: its document as it was, None of a new one, and as it becomes."""

    aggregate: A
    before: dict[str, Any] | None
    after: dict[str, Any]


def differing_names(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names that have other values in one than in the other, sorted; what one lacks is None there."""
    return tuple(sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name)))
