"""What is known of those who act, and who somebody is by it; no I/O."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from rapport_shared.access.records import Kind
from rapport_shared.actor import Actor, Via
from rapport_shared.contracts.identity import RoleState
from rapport_shared.contracts.roles import DEFAULT_ROLES, role_rights
from rapport_shared.errors import Unauthenticated
from rapport_shared.rights import Snapshot
from rapport_shared.teams import teams_of

Row = Mapping[str, Any]
_DEFAULTS: Final = {name: role_rights(role) for name, role in DEFAULT_ROLES.items()}


@dataclass(frozen=True)
class Known:
    """Rows of the access records by kind and id, and the snapshot of roles and teams that they make."""

    rows: Mapping[Kind, Mapping[str, Row]] = field(default_factory=lambda: {kind: {} for kind in Kind})
    snapshot: Snapshot = field(default_factory=lambda: Snapshot(_DEFAULTS))

    def with_rows(self, changed: Iterable[Row], *, now: datetime) -> "Known":
        """The same with newer rows; ended sessions that can have no valid token any more are forgotten."""
        rows: dict[Kind, dict[str, Row]] = {kind: dict(known) for kind, known in self.rows.items()}
        for row in changed:
            rows[Kind(row["kind"])][row["_id"]] = row
        ended = rows[Kind.SESSION].items()
        rows[Kind.SESSION] = {identifier: row for identifier, row in ended if row["expire_at"] > now}
        return Known(rows, _snapshot(rows))

    def actor(self, caller: Actor, *, now: datetime) -> Actor:
        """The caller of an access token as of now: role and team as they are known, which is newer than the token.

        Raises Unauthenticated for a user who is not active, a key that is revoked or has expired, and a session that
        has ended. Whoever is not known yet is who the token says.
        """
        if caller.session_id in self.rows[Kind.SESSION]:
            raise Unauthenticated("The session has ended.")
        if caller.via is Via.KEY:
            caller = self._owner_of_key(caller, now)
        user = self.rows[Kind.USER].get(caller.id)
        if user is None:
            return caller
        if not user["active"]:
            raise Unauthenticated("The user is not active.")
        role = caller.role if caller.via is Via.KEY else user["role"]
        return replace(caller, role=role, team_id=user["team_id"])

    def _owner_of_key(self, caller: Actor, now: datetime) -> Actor:
        """A key acts for its owner, with the key's own role."""
        key = self.rows[Kind.KEY].get(caller.key_id or "")
        if key is None:
            return caller
        if not key["active"] or (key["expires_at"] is not None and key["expires_at"] <= now):
            raise Unauthenticated("The API key is not valid any more.")
        return replace(caller, id=key["owner_id"], role=key["role"])


def _snapshot(rows: Mapping[Kind, Mapping[str, Row]]) -> Snapshot:
    roles = dict(_DEFAULTS)
    for name, row in rows[Kind.ROLE].items():
        granted: dict[str, Any] = {} if row["deleted"] else {"grants": row["grants"], "fields": row["fields"]}
        roles[name] = role_rights(RoleState(**{"label": "", "grants": {}, "fields": {}, "builtin": False, **granted}))
    parents = {team: row["parent_id"] for team, row in rows[Kind.TEAM].items() if not row["deleted"]}
    memberships = ((user, row["team_id"]) for user, row in rows[Kind.USER].items())
    return Snapshot(roles, teams_of(parents, memberships))
