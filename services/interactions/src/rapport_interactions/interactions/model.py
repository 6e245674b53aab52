"""An interaction: guards its state and records what happens to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_interactions.interactions import values
from rapport_interactions.interactions.errors import MissingValue
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.interactions import (
    InteractionDeleted,
    InteractionRecorded,
    InteractionState,
    InteractionUpdated,
)


class Channel(StrEnum):
    """The way by which one spoke."""

    PHONE = "PHONE"
    EMAIL = "EMAIL"
    CHAT = "CHAT"
    VISIT = "VISIT"
    MEETING = "MEETING"
    SMS = "SMS"
    OTHER = "OTHER"


class Intent(StrEnum):
    """How much the customer wants to buy, as its author judges."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "channel": Channel,
    "occurred_at": lambda value: value,
    "participants": values.valid_participants,
    "content": values.valid_content,
    "outcome": values.valid_outcome,
    "intent": Intent,
    "next_follow_up_at": lambda value: value,
}
_REQUIRED: Final = {"channel": "channel", "occurred_at": "occurredAt", "content": "content"}


@dataclass(kw_only=True)
class Interaction(Aggregate):
    """What passed between the company and a customer; times are UTC.

    ``customer_owner_id`` mirrors who looks after the customer now; it decides who sees the record.
    """

    customer_id: str
    customer_owner_id: str | None
    author_id: str
    channel: Channel
    occurred_at: datetime
    participants: tuple[str, ...] = ()
    content: str
    outcome: str | None = None
    intent: Intent | None = None
    next_follow_up_at: datetime | None = None
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
        author_id: str,
        now: datetime,
    ) -> "Interaction":
        """A new record of the given details (attribute names to values); raises the fault of a bad value."""
        interaction = cls(
            id=identifier,
            customer_id=customer_id,
            customer_owner_id=customer_owner_id,
            author_id=author_id,
            created_at=now,
            updated_at=now,
            **_checked({"occurred_at": now, **details}),
        )
        values.check_times(interaction.occurred_at, interaction.next_follow_up_at, now=now)
        interaction.record(InteractionRecorded(interaction_id=identifier, after=interaction.state()))
        return interaction

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        occurred_at = checked.get("occurred_at", self.occurred_at)
        values.check_times(occurred_at, checked.get("next_follow_up_at", self.next_follow_up_at), now=now)
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(InteractionUpdated(interaction_id=self.id, changed=changed, before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Take the interaction off the record."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(InteractionDeleted(interaction_id=self.id, before=before, after=self.state()))

    def state(self) -> InteractionState:
        """What others may know."""
        return InteractionState(
            customer_id=self.customer_id,
            customer_owner_id=self.customer_owner_id,
            author_id=self.author_id,
            channel=self.channel.value,
            occurred_at=self.occurred_at,
            intent=None if self.intent is None else self.intent.value,
            next_follow_up_at=self.next_follow_up_at,
            deleted=self.deleted_at is not None,
        )


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _checked_value(name, value) for name, value in details.items()}


def _checked_value(name: str, value: Any) -> Any:
    if value is not None:
        return _RULES[name](value)
    if name in _REQUIRED:
        field = _REQUIRED[name]
        raise MissingValue(f"The {field} of an interaction cannot be cleared.", path=("input", field))
    return () if name == "participants" else None
