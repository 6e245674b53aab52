"""A staff user: guards its state and records what happens to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from rapport_identity.users import values
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.identity import UserCreated, UserState, UserUpdated

ADMIN: Final = "ADMIN"

_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "email": values.valid_email,
    "name": values.valid_name,
    "role": str,
    "title": lambda value: values.valid_text(value, "title"),
    "team_id": str,
    "external_id": lambda value: values.valid_text(value, "externalId"),
    "manager_id": str,
}
_REQUIRED: Final = frozenset({"email", "name", "role"})


@dataclass(kw_only=True)
class User(Aggregate):
    """Somebody who works here; ``role`` names a role. Who is inactive, or has no password, cannot sign in with one.

    ``invited_at`` is when the user was last asked to set a password, as long as that has not happened. ``subject`` is
    who the user is at the provider of sign-ins (``<issuer> <sub>``), once seen from there.
    """

    email: str
    name: str
    role: str
    title: str | None = None
    team_id: str | None = None
    active: bool = True
    external_id: str | None = None
    manager_id: str | None = None
    password_hash: str | None = field(default=None, repr=False)
    invited_at: datetime | None = None
    subject: str | None = None
    created_at: datetime
    updated_at: datetime

    @classmethod
    def create(
        cls,
        identifier: str,
        details: Mapping[str, Any],
        *,
        password_hash: str | None = None,
        invited: bool = False,
        now: datetime,
    ) -> "User":
        """A new active user of the given details (attribute names to values); raises the fault of a bad value."""
        checked = {name: _RULES[name](value) for name, value in details.items() if value is not None}
        user = cls(
            id=identifier,
            created_at=now,
            updated_at=now,
            password_hash=password_hash,
            invited_at=now if invited else None,
            **checked,
        )
        user.record(UserCreated(user_id=identifier, after=user.state()))
        return user

    @property
    def administers(self) -> bool:
        """Whether this is an administrator at work."""
        return self.active and self.role == ADMIN

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs."""
        self._set({name: _checked(name, value) for name, value in changes.items()}, now=now)

    def activate(self, *, now: datetime) -> None:
        """Let the user work again."""
        self._set({"active": True}, now=now)

    def deactivate(self, *, now: datetime) -> None:
        """Lock the user out; what they did stays theirs."""
        self._set({"active": False}, now=now)

    def set_password(self, password_hash: str, *, now: datetime) -> None:
        """From now on this password signs in."""
        self._set({"password_hash": password_hash, "invited_at": None}, now=now, told={"password_hash": "password"})

    def invite(self, *, now: datetime) -> None:
        """Ask the user to set a password; one that there is works no longer."""
        self._set({"password_hash": None, "invited_at": now}, now=now, told={"password_hash": "password"})

    def bind(self, subject: str, *, now: datetime) -> None:
        """Remember who the user is at the provider of sign-ins."""
        self._set({"subject": subject}, now=now)

    def state(self) -> UserState:
        """What others may know."""
        return UserState(role=self.role, active=self.active, team_id=self.team_id)

    def _set(self, wanted: Mapping[str, Any], *, now: datetime, told: Mapping[str, str] | None = None) -> None:
        """Change what differs; ``told`` are names that the event has instead of the attributes'."""
        changed = sorted(name for name, value in wanted.items() if getattr(self, name) != value)
        if not changed:
            return
        before = self.state()
        for name in changed:
            setattr(self, name, wanted[name])
        self.updated_at = now
        names = tuple((told or {}).get(name, name) for name in changed)
        self.record(UserUpdated(user_id=self.id, changed=names, before=before, after=self.state()))


def _checked(name: str, value: Any) -> Any:
    if value is None and name not in _REQUIRED:
        return None
    return _RULES[name](values.present(value, name))
