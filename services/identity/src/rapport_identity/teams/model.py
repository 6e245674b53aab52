"""A team: guards its state and records what happens to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rapport_identity.teams.errors import TeamCycle
from rapport_identity.users.values import present, valid_name
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.identity import TeamCreated, TeamDeleted, TeamState, TeamUpdated


@dataclass(kw_only=True)
class Team(Aggregate):
    """A team below another (``parent_id``) or at the top; a deleted one stays for those who look back."""

    name: str
    parent_id: str | None = None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def create(cls, identifier: str, name: str, parent_id: str | None, *, now: datetime) -> "Team":
        """A new team without members."""
        team = cls(id=identifier, name=valid_name(name), parent_id=parent_id, created_at=now, updated_at=now)
        team.record(TeamCreated(team_id=identifier, after=team.state()))
        return team

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set ``name`` or ``parent_id`` (None: to the top); nothing happens where nothing differs."""
        checked = dict(changes)
        if "name" in changes:
            checked["name"] = valid_name(present(changes["name"], "name"))
        changed = self.differing(checked)
        if not changed:
            return
        if checked.get("parent_id") == self.id:
            raise TeamCycle("A team cannot be below itself.", path=("input", "parentId"))
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(TeamUpdated(team_id=self.id, changed=changed, before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Take the team away."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(TeamDeleted(team_id=self.id, before=before, after=self.state()))

    def state(self) -> TeamState:
        """What others may know."""
        return TeamState(parent_id=self.parent_id, deleted=self.deleted_at is not None)
