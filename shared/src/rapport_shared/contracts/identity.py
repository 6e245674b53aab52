"""Events of the identity service."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class UserState:
    """The state of a staff user that other services may know."""

    role: str
    active: bool


@event("identity.user.created", version=1, subject="user_id")
class UserCreated(Event):
    """A staff user exists."""

    user_id: str
    after: UserState


@event("identity.user.updated", version=1, subject="user_id")
class UserUpdated(Event):
    """A staff user changed; ``changed`` names the fields."""

    user_id: str
    changed: tuple[str, ...]
    before: UserState
    after: UserState
