"""A notification: something that one user is told once."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from rapport_shared.contracts.customers import CustomerCreated, CustomerUpdated
from rapport_shared.events import Envelope

HIGH: Final = "HIGH"


class NotificationKind(StrEnum):
    """What a user is told."""

    CUSTOMER_PRIORITISED = "CUSTOMER_PRIORITISED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """``id`` is made of the event and the user, so that nobody is told twice; ``by`` is who did it."""

    id: str
    user_id: str
    kind: NotificationKind
    customer_id: str
    by: str
    at: datetime
    read_at: datetime | None = None


def prioritises(event: CustomerCreated | CustomerUpdated) -> bool:
    """Whether a customer has come to matter much with this event, and somebody looks after it."""
    state = event.after
    if state.priority != HIGH or state.owner_id is None or state.deleted:
        return False
    return isinstance(event, CustomerCreated) or event.before.priority != HIGH


def of_priority(customer_id: str, envelope: Envelope, team: Iterable[str]) -> Iterator[Notification]:
    """What the owner and the owner's team are told; whoever did it knows."""
    for user_id in sorted(set(team) - {envelope.actor}):
        yield Notification(
            id=f"{envelope.id}:{user_id}",
            user_id=user_id,
            kind=NotificationKind.CUSTOMER_PRIORITISED,
            customer_id=customer_id,
            by=envelope.actor,
            at=envelope.time,
        )
