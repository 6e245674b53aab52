"""A staff user: guards its state and records what happens to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_identity.users import values
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.identity import UserCreated, UserState


class Role(StrEnum):
    """What a user works as; a role's rights are in the policy."""

    ADMIN = "ADMIN"
    MANAGER = "MANAGER"
    SALES = "SALES"
    SUPPORT = "SUPPORT"


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "email": values.valid_email,
    "name": values.valid_name,
    "role": Role,
    "title": lambda value: values.valid_text(value, "title"),
    "external_id": lambda value: values.valid_text(value, "externalId"),
    "manager_id": str,
}


@dataclass(kw_only=True)
class User(Aggregate):
    """Somebody who works here; without a password hash, or inactive, nobody can sign in as this user."""

    email: str
    name: str
    role: Role
    title: str | None = None
    active: bool = True
    external_id: str | None = None
    manager_id: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(cls, identifier: str, details: Mapping[str, Any], *, password_hash: str | None, now: datetime) -> "User":
        """A new active user of the given details (attribute names to values); raises the fault of a bad value."""
        checked = {name: _RULES[name](value) for name, value in details.items() if value is not None}
        user = cls(id=identifier, created_at=now, updated_at=now, password_hash=password_hash, **checked)
        user.record(UserCreated(user_id=identifier, after=user.state()))
        return user

    def state(self) -> UserState:
        """What others may know."""
        return UserState(role=self.role.value, active=self.active)
