"""A role: guards its state and records what happens to it. Its id is its name."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from rapport_identity.roles.errors import AdministratorsMustAdminister, RoleIsBuiltIn
from rapport_identity.roles.values import ADMIN, Fields, Grants, valid_label, valid_role_name
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.identity import RoleCreated, RoleDeleted, RoleState, RoleUpdated
from rapport_shared.contracts.roles import role_rights
from rapport_shared.rights import Reach, RoleRights, Verb

_ADMINISTERED: Final = ("User", "Role", "Team", "ApiKey")
_ADMINISTERING: Final = (Verb.READ, Verb.CREATE, Verb.UPDATE, Verb.DELETE)


@dataclass(frozen=True, kw_only=True)
class Defaults:
    """What Rapport says that a built-in role may do."""

    grants: Grants = field(default_factory=dict)
    fields: Fields = field(default_factory=dict)

    @classmethod
    def of(cls, default: RoleState) -> "Defaults":
        """Those of a default role."""
        return cls(grants=deepcopy(default.grants), fields=deepcopy(default.fields))


@dataclass(kw_only=True)
class Role(Aggregate):
    """A deleted role keeps its name and version: one of the same name goes on from there.

    ``offered`` are the defaults that were last merged into a built-in role: what differs from them is an
    administrator's edit.
    """

    label: str
    grants: Grants
    fields: Fields
    builtin: bool = False
    offered: Defaults = field(default_factory=Defaults)
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @property
    def rights(self) -> RoleRights:
        """What those who have the role may do; nothing once it is deleted."""
        return RoleRights() if self.deleted_at is not None else role_rights(self.state())

    @classmethod
    def create(cls, name: str, label: str, grants: Grants, fields: Fields, *, now: datetime) -> "Role":
        """A new role of an administrator's making."""
        role = cls(
            id=valid_role_name(name),
            label=valid_label(label),
            grants=grants,
            fields=fields,
            created_at=now,
            updated_at=now,
        )
        role.record(RoleCreated(role=role.id, after=role.state()))
        return role

    @classmethod
    def build_in(cls, name: str, default: RoleState, *, now: datetime) -> "Role":
        """A new role that comes with Rapport."""
        role = cls(
            id=name,
            label=default.label,
            grants=deepcopy(default.grants),
            fields=deepcopy(default.fields),
            builtin=True,
            offered=Defaults.of(default),
            created_at=now,
            updated_at=now,
        )
        role.record(RoleCreated(role=name, after=role.state()))
        return role

    def create_again(self, label: str, grants: Grants, fields: Fields, *, now: datetime) -> None:
        """Bring a deleted name back, with new rights."""
        self.label, self.grants, self.fields = valid_label(label), grants, fields
        self.deleted_at, self.created_at, self.updated_at = None, now, now
        self.record(RoleCreated(role=self.id, after=self.state()))

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named of ``label``, ``grants`` and ``fields``; nothing happens where nothing differs."""
        changed = self.differing(changes)
        if not changed:
            return
        before = self.state()
        self.assign(changes)
        self._keep_administrators()
        self.updated_at = now
        self.record(RoleUpdated(role=self.id, changed=changed, before=before, after=self.state()))

    def offer(self, default: RoleState, *, now: datetime) -> None:
        """Take over what a release says anew, type by type, where no administrator has edited it."""
        defaults = Defaults.of(default)
        merged = {
            "grants": _merged(self.grants, self.offered.grants, defaults.grants),
            "fields": _merged(self.fields, self.offered.fields, defaults.fields),
        }
        self.offered = defaults
        self.update(merged, now=now)

    def delete(self, *, now: datetime) -> None:
        """Take the role away; its name stays with it."""
        if self.builtin:
            raise RoleIsBuiltIn(f"{self.id} comes with Rapport: edit it instead.", path=("input", "name"))
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(RoleDeleted(role=self.id, before=before, after=self.state()))

    def state(self) -> RoleState:
        """What others may know."""
        return RoleState(
            label=self.label,
            grants=deepcopy(self.grants),
            fields=deepcopy(self.fields),
            builtin=self.builtin,
            deleted=self.deleted_at is not None,
        )

    def _keep_administrators(self) -> None:
        if self.id != ADMIN:
            return
        for type_name in _ADMINISTERED:
            lost = [verb for verb in _ADMINISTERING if self.grants.get(type_name, {}).get(verb) != Reach.ALL]
            if lost or self.fields.get(type_name):
                message = f"Administrators keep every right to {', '.join(_ADMINISTERED)}."
                raise AdministratorsMustAdminister(message, path=("input", "grants" if lost else "fieldRights"))


def _merged(own: Grants, offered: Grants, new: Grants) -> Grants:
    names = sorted(own.keys() | new.keys())
    chosen = {name: (new if own.get(name) == offered.get(name) else own).get(name) for name in names}
    return {name: deepcopy(value) for name, value in chosen.items() if value}
