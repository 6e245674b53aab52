"""A need of a customer: guards its state and records what happens to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers.errors import MissingValue
from rapport_customers.needs.errors import InvalidNeed
from rapport_customers.rules.reading import need_mark
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.needs import NeedCreated, NeedDeleted, NeedRestored, NeedState, NeedUpdated
from rapport_shared.text import printable

MAX_TEXT: Final = 500


class NeedKind(StrEnum):
    """What a need is."""

    PAIN = "PAIN"
    PREFERENCE = "PREFERENCE"
    REQUIREMENT = "REQUIREMENT"


class NeedStatus(StrEnum):
    """What came of a need."""

    OPEN = "OPEN"
    ADDRESSED = "ADDRESSED"
    DROPPED = "DROPPED"


def _valid_text(value: str) -> str:
    text = printable(value, lines=True)
    if not text or len(text) > MAX_TEXT:
        raise InvalidNeed(f"A need is said in 1 to {MAX_TEXT} printable characters.", path=("input", "text"))
    return text


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "kind": NeedKind,
    "text": _valid_text,
    "status": NeedStatus,
    "interaction_id": str,
}
_REQUIRED: Final = frozenset({"kind", "text", "status"})


@dataclass(kw_only=True)
class Need(Aggregate):
    """``interaction_id`` is the communication in which it was said; times are UTC."""

    customer_id: str
    customer_owner_id: str | None
    kind: NeedKind
    text: str
    status: NeedStatus = NeedStatus.OPEN
    interaction_id: str | None = None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def create(
        cls,
        identifier: str,
        details: Mapping[str, Any],
        *,
        customer_id: str,
        customer_owner_id: str | None,
        now: datetime,
    ) -> "Need":
        """A new need of the given details; raises the fault of a bad value."""
        need = cls(
            id=identifier,
            customer_id=customer_id,
            customer_owner_id=customer_owner_id,
            created_at=now,
            updated_at=now,
            **_checked(details),
        )
        need.record(NeedCreated(need_id=identifier, after=need.state()))
        return need

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(NeedUpdated(need_id=self.id, changed=changed, before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Put the need away."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(NeedDeleted(need_id=self.id, before=before, after=self.state()))

    def restore(self, *, now: datetime) -> None:
        """Bring the need back; nothing happens where it was not deleted."""
        if self.deleted_at is None:
            return
        before = self.state()
        self.deleted_at, self.updated_at = None, now
        self.record(NeedRestored(need_id=self.id, before=before, after=self.state()))

    @property
    def marks(self) -> tuple[str, str, str]:
        """What rules go by: its kind, its status, and both."""
        return self.kind.value, self.status.value, need_mark(self.kind, self.status)

    def state(self) -> NeedState:
        """What others may know."""
        return NeedState(
            customer_id=self.customer_id,
            customer_owner_id=self.customer_owner_id,
            kind=self.kind.value,
            status=self.status.value,
            deleted=self.deleted_at is not None,
        )


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    for name in sorted(_REQUIRED & details.keys()):
        if details[name] is None:
            raise MissingValue(f"The {name} of a need cannot be cleared.", path=("input", name))
    return {name: None if value is None else _RULES[name](value) for name, value in details.items()}
