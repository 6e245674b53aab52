"""The one decision about rights, as pure functions.

A role's grants give a reach per type and verb. A reach is applied in two equal forms: as a database
filter (lists, counts, searches, joins) and as a predicate (subscriptions, writes on a loaded record).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rapport_shared.actor import SYSTEM, Actor


class Verb(StrEnum):
    """What is done to a record."""

    READ = "READ"
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"


class Reach(StrEnum):
    """How far a right goes."""

    NONE = "NONE"
    OWN = "OWN"
    ALL = "ALL"


Grants = Mapping[str, Mapping[str, Mapping[Verb, Reach]]]
"""role -> type name -> verb -> reach; what is absent is NONE."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The records of one type that an actor reaches; ``owner_fields`` are the fields that make a record one's own."""

    reach: Reach
    actor_id: str
    owner_fields: tuple[str, ...]

    def filter(self) -> dict[str, Any]:
        """The reach as a MongoDB filter."""
        if self.reach is Reach.ALL:
            return {}
        if self.reach is Reach.OWN:
            return {"$or": [{field: self.actor_id} for field in self.owner_fields]}
        return {"_id": {"$in": []}}

    def admits(self, record: object) -> bool:
        """The reach as a predicate on an object that has the owner fields as attributes."""
        if self.reach is Reach.OWN:
            return any(getattr(record, field) == self.actor_id for field in self.owner_fields)
        return self.reach is Reach.ALL


@dataclass(frozen=True, slots=True)
class Policy:
    """Grants, and what makes a record of each type one's own.

    ``author_fields`` make a record one's own to change, where one may see it: they never make it visible, nor allow
    its creation, for everybody is the author of what they create.
    """

    grants: Grants
    owner_fields: Mapping[str, tuple[str, ...]]
    author_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def scope(self, actor: Actor, verb: Verb, type_name: str) -> Scope:
        """What ``actor`` may do ``verb`` to, among the records of ``type_name``."""
        own = self.owner_fields.get(type_name, ())
        if verb in {Verb.UPDATE, Verb.DELETE}:
            own = (*own, *self.author_fields.get(type_name, ()))
        return Scope(self.reach(actor, verb, type_name), actor.id, own)

    def reach(self, actor: Actor, verb: Verb, type_name: str) -> Reach:
        """How far ``actor`` reaches: NONE unless a grant says more."""
        if actor == SYSTEM:
            return Reach.ALL
        return self.grants.get(actor.role, {}).get(type_name, {}).get(verb, Reach.NONE)
