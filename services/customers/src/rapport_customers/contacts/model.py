"""A contact: somebody at a customer, and the part that they have in its decisions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers import values
from rapport_customers.customers.errors import MissingValue
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.contacts import (
    ContactCreated,
    ContactDeleted,
    ContactRestored,
    ContactState,
    ContactUpdated,
)


class DecisionRole(StrEnum):
    """The part that a contact has in what a customer decides."""

    BUYER = "BUYER"
    TECH_EVALUATOR = "TECH_EVALUATOR"
    APPROVER = "APPROVER"
    INFLUENCER = "INFLUENCER"
    OTHER = "OTHER"


NEEDED_ROLES: Final = (DecisionRole.BUYER, DecisionRole.TECH_EVALUATOR, DecisionRole.APPROVER)
"""Without one of these, a decision chain has a gap."""


class Influence(StrEnum):
    """How much a contact's word counts."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


class Stance(StrEnum):
    """Where a contact stands towards us."""

    SUPPORTER = "SUPPORTER"
    NEUTRAL = "NEUTRAL"
    OPPONENT = "OPPONENT"


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": values.valid_name,
    "title": lambda value: values.valid_text(value, "title"),
    "phone": values.valid_phone,
    "email": values.valid_email,
    "role": DecisionRole,
    "custom_role": lambda value: values.valid_text(value, "customRole"),
    "influence": Influence,
    "stance": Stance,
    "reports_to_id": str,
}


@dataclass(kw_only=True)
class Contact(Aggregate):
    """Phone is E.164, times are UTC; ``role`` is None for who has no part in decisions.

    ``custom_role`` says more of a part, in the customer's own words.
    """

    customer_id: str
    customer_owner_id: str | None
    name: str
    title: str | None = None
    phone: str | None = None
    email: str | None = None
    role: DecisionRole | None = None
    custom_role: str | None = None
    influence: Influence | None = None
    stance: Stance | None = None
    reports_to_id: str | None = None
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
    ) -> "Contact":
        """A new contact of the given details; raises the fault of a bad value."""
        contact = cls(
            id=identifier,
            customer_id=customer_id,
            customer_owner_id=customer_owner_id,
            created_at=now,
            updated_at=now,
            **_checked(details),
        )
        contact.record(ContactCreated(contact_id=identifier, after=contact.state()))
        return contact

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(ContactUpdated(contact_id=self.id, changed=changed, before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Put the contact away."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(ContactDeleted(contact_id=self.id, before=before, after=self.state()))

    def restore(self, *, now: datetime) -> None:
        """Bring the contact back; nothing happens where it was not deleted."""
        if self.deleted_at is None:
            return
        before = self.state()
        self.deleted_at, self.updated_at = None, now
        self.record(ContactRestored(contact_id=self.id, before=before, after=self.state()))

    def state(self) -> ContactState:
        """What others may know."""
        return ContactState(
            customer_id=self.customer_id,
            customer_owner_id=self.customer_owner_id,
            role=None if self.role is None else self.role.value,
            deleted=self.deleted_at is not None,
        )


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    if "name" in details and details["name"] is None:
        raise MissingValue("The name of a contact cannot be cleared.", path=("input", "name"))
    return {name: None if value is None else _RULES[name](value) for name, value in details.items()}


def gaps(roles: set[DecisionRole | None]) -> list[DecisionRole]:
    """The parts that nobody has in a decision chain."""
    return [role for role in NEEDED_ROLES if role not in roles]
