"""Events of the identity service."""

from dataclasses import dataclass
from datetime import datetime

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class UserState:
    """The state of a staff user that other services may know."""

    role: str
    active: bool
    team_id: str | None = None


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


@dataclass(frozen=True, kw_only=True)
class RoleState:
    """What users of a role may do: per type and verb a reach, per type and field a right.

    A verb that is absent reaches NONE, a field that is absent may be written. ``builtin`` roles come with Rapport;
    an administrator edits them as any other.
    """

    label: str
    grants: dict[str, dict[str, str]]
    fields: dict[str, dict[str, str]]
    builtin: bool
    deleted: bool = False


@event("identity.role.created", version=1, subject="role")
class RoleCreated(Event):
    """A role exists, or exists again: a name that was deleted before goes on with the next version."""

    role: str
    after: RoleState


@event("identity.role.updated", version=1, subject="role")
class RoleUpdated(Event):
    """A role's label, grants or field rights changed."""

    role: str
    changed: tuple[str, ...]
    before: RoleState
    after: RoleState


@event("identity.role.deleted", version=1, subject="role")
class RoleDeleted(Event):
    """A role, which nobody had any more, is gone."""

    role: str
    before: RoleState
    after: RoleState


@dataclass(frozen=True, kw_only=True)
class TeamState:
    """A team's place in the tree; its name is fetched by id."""

    parent_id: str | None
    deleted: bool = False


@event("identity.team.created", version=1, subject="team_id")
class TeamCreated(Event):
    """A team exists."""

    team_id: str
    after: TeamState


@event("identity.team.updated", version=1, subject="team_id")
class TeamUpdated(Event):
    """A team was renamed or moved below another; ``changed`` names the fields."""

    team_id: str
    changed: tuple[str, ...]
    before: TeamState
    after: TeamState


@event("identity.team.deleted", version=1, subject="team_id")
class TeamDeleted(Event):
    """A team, which had neither members nor teams below it, is gone."""

    team_id: str
    before: TeamState
    after: TeamState


@dataclass(frozen=True, kw_only=True)
class ApiKeyState:
    """What an API key is good for; neither the secret nor the key's name is in an event."""

    role: str
    owner_id: str
    active: bool
    expires_at: datetime | None


@event("identity.api_key.created", version=1, subject="key_id")
class ApiKeyCreated(Event):
    """An API key exists."""

    key_id: str
    after: ApiKeyState


@event("identity.api_key.updated", version=1, subject="key_id")
class ApiKeyUpdated(Event):
    """An API key changed or got a new secret; ``changed`` names the fields."""

    key_id: str
    changed: tuple[str, ...]
    before: ApiKeyState
    after: ApiKeyState


@event("identity.api_key.revoked", version=1, subject="key_id")
class ApiKeyRevoked(Event):
    """An API key is good for nothing any more."""

    key_id: str
    before: ApiKeyState
    after: ApiKeyState


@event("identity.session.ended", version=1, subject="session_id")
class SessionEnded(Event):
    """A session was signed out, revoked, or found stolen: its access tokens count no more."""

    session_id: str
    user_id: str
