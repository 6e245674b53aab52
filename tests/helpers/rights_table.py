"""The table of rights that the running system is held against."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

TABLE = Path(__file__).parents[1] / "rights" / "matrix.yaml"
VERBS = ("READ", "CREATE", "UPDATE", "DELETE")
# Whose a record is, seen from somebody: covered by which reaches.
COVERED = {"own": "OTSA", "team": "TSA", "below": "SA", "stranger": "A"}


@dataclass(frozen=True, kw_only=True)
class TypeDoors:
    """The doors of one type."""

    name: str
    service: str
    list: str
    node: str | None = None
    search: bool = False
    live: str | None = None
    below: dict[str, str] = field(default_factory=dict)
    hangs_on: str | None = None
    create: dict[str, dict[str, Any]] = field(default_factory=dict)
    update: dict[str, dict[str, Any]] = field(default_factory=dict)
    delete: str | None = None
    touch: dict[str, Any] | None = None

    @property
    def pulled(self) -> str | None:
        """The door of what has changed since a cursor: ``customerChanges`` beside ``customerChanged``."""
        return None if self.live is None else f"{self.live.removesuffix('Changed')}Changes"

    @property
    def mutations(self) -> dict[str, tuple[str, dict[str, Any]]]:
        """By verb: the field, and what it is given besides ids."""
        found = {verb: next(iter(given.items())) for verb, given in (("CREATE", self.create), ("UPDATE", self.update))}
        return found | ({"DELETE": (self.delete, {})} if self.delete else {})


@dataclass(frozen=True)
class Table:
    """``rights``: type -> role (or API key) -> verb -> reach letter."""

    rights: dict[str, dict[str, dict[str, str]]]
    types: dict[str, TypeDoors]
    custom_roles: dict[str, dict[str, str]]
    raw: dict[str, Any]

    @property
    def roles(self) -> list[str]:
        """Every role."""
        return list(self.rights["Customer"])

    @property
    def owned(self) -> Iterator[TypeDoors]:
        """The types whose records are somebody's."""
        return (doors for doors in self.types.values() if doors.hangs_on is not None)

    @property
    def keys(self) -> dict[str, str]:
        """The API keys among the roles, and the role of each."""
        found: dict[str, str] = self.raw["keys"]
        return found

    def acts_as(self, role: str) -> str:
        """The role itself, or that of the API key."""
        return self.keys.get(role, role)

    def allows(self, role: str, verb: str, type_name: str, relation: str) -> bool:
        """Whether the role's reach covers such a record."""
        return self.rights[type_name][role][verb] in COVERED[relation]


@cache
def table() -> Table:
    """Read once."""
    raw = yaml.safe_load(TABLE.read_text("utf-8"))
    rights = {
        type_name: {role: dict(zip(VERBS, letters.split(), strict=True)) for role, letters in roles.items()}
        for type_name, roles in raw["rights"].items()
    }
    for of_role in rights.values():
        of_role.update({key: of_role[role] for key, role in raw["keys"].items()})
    types = {name: TypeDoors(name=name, **doors) for name, doors in raw["types"].items()}
    return Table(rights, types, raw["custom_roles"], raw)
