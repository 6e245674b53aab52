"""The one decision about rights, as pure functions of what is known of roles and teams.

A role's grants give a reach per type and verb. A reach is a set of owners, applied in two equal forms: as a database
filter (lists, counts, searches, joins) and as a predicate (subscriptions, writes on a loaded record). A role's field
rules say which fields of a type are hidden, and which may be read but not set.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from pydantic.alias_generators import to_camel

from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.errors import ForbiddenField
from rapport_shared.teams import Teams


def schema_name(attribute: str) -> str:
    """The name in the schema of an attribute; that of a custom field, such as ``custom.taxNumber``, is the same."""
    return attribute if "." in attribute else to_camel(attribute)


class Verb(StrEnum):
    """What is done to a record."""

    READ = "READ"
    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"
    EXPORT = "EXPORT"
    IMPORT = "IMPORT"
    MERGE = "MERGE"
    TRANSFER = "TRANSFER"
    ERASE = "ERASE"


class Reach(StrEnum):
    """How far a right goes: to nothing, one's own, one's team's, that of one's team and those below it, everything."""

    NONE = "NONE"
    OWN = "OWN"
    TEAM = "TEAM"
    SUBTREE = "SUBTREE"
    ALL = "ALL"


_WIDTHS: Final = tuple(Reach)


class FieldRight(StrEnum):
    """What may be done with a field of a record within reach; WRITE where a role says nothing."""

    WRITE = "WRITE"
    READ = "READ"
    MASK = "MASK"


@dataclass(frozen=True, slots=True)
class FieldRights:
    """The fields of one type, by their names in the schema.

    ``hidden`` ones are not to be read, set, filtered, sorted or searched by; ``read_only`` ones not to be set.
    """

    hidden: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()

    def refused(self, names: Iterable[str], *, writing: bool) -> str | None:
        """The first of these fields that may not be used so."""
        refused = self.hidden | self.read_only if writing else self.hidden
        return next((name for name in names if name in refused), None)


@dataclass(frozen=True, slots=True)
class RoleRights:
    """What a role may do: type name -> verb -> reach, and type name -> fields with less than WRITE."""

    grants: Mapping[str, Mapping[Verb, Reach]] = field(default_factory=dict)
    fields: Mapping[str, FieldRights] = field(default_factory=dict)


NO_ROLE: Final = RoleRights()
EVERY_FIELD: Final = FieldRights()


@dataclass(frozen=True, slots=True)
class Scope:
    """The records of one type that an actor reaches.

    ``owner_fields`` are the fields that make a record somebody's, ``owners`` those whose records are within reach;
    ``owners`` says nothing where the reach is ALL or NONE.
    """

    reach: Reach
    owners: frozenset[str] = frozenset()
    owner_fields: tuple[str, ...] = ()

    def filter(self) -> dict[str, Any]:
        """The reach as a MongoDB filter."""
        if self.reach is Reach.ALL:
            return {}
        if self.reach is Reach.NONE or not self.owner_fields:
            return {"_id": {"$in": []}}
        owner = next(iter(self.owners)) if len(self.owners) == 1 else {"$in": sorted(self.owners)}
        either = [{"_id" if name == "id" else name: owner} for name in self.owner_fields]
        # Databases find a condition's index more easily where there is nothing to choose.
        return either[0] if len(either) == 1 else {"$or": either}

    def admits(self, record: object) -> bool:
        """The reach as a predicate on an object that has the owner fields as attributes."""
        if self.reach in {Reach.ALL, Reach.NONE}:
            return self.reach is Reach.ALL
        return any(getattr(record, name) in self.owners for name in self.owner_fields)


EVERYTHING: Final = Scope(Reach.ALL)


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether something is allowed; ``code`` and ``reason`` say why not."""

    allowed: bool
    code: str | None = None
    reason: str = ""


ALLOWED: Final = Decision(allowed=True)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What is known of roles and teams at one moment."""

    roles: Mapping[str, RoleRights]
    teams: Teams = field(default_factory=Teams)


@dataclass(frozen=True, slots=True)
class Policy:
    """What makes a record of each type somebody's, and what is known of roles and teams (``current``) when asked.

    ``author_fields`` make a record one's own to change, where one may see it: they never make it visible, nor allow
    its creation, for everybody is the author of what they create.
    """

    current: Callable[[], Snapshot]
    owner_fields: Mapping[str, tuple[str, ...]]
    author_fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def knowing(self, current: Callable[[], Snapshot]) -> "Policy":
        """The same policy, for other roles and teams."""
        return replace(self, current=current)

    def scope(self, actor: Actor, verb: Verb, type_name: str) -> Scope:
        """What ``actor`` may do ``verb`` to, among the records of ``type_name``."""
        fields = self.owner_fields.get(type_name, ())
        if verb in {Verb.UPDATE, Verb.DELETE}:
            fields = (*fields, *self.author_fields.get(type_name, ()))
        reach = self.reach(actor, verb, type_name)
        return Scope(reach, self._owners(actor, reach), fields)

    def export_scope(self, actor: Actor, type_name: str) -> Scope:
        """What ``actor`` may take away as a list: what they may export, and no more of it than they may read."""
        scopes = [self.scope(actor, verb, type_name) for verb in (Verb.READ, Verb.EXPORT)]
        return min(scopes, key=lambda scope: _WIDTHS.index(scope.reach))

    def reach(self, actor: Actor, verb: Verb, type_name: str) -> Reach:
        """How far ``actor`` reaches: NONE unless a grant says more."""
        if actor == SYSTEM:
            return Reach.ALL
        return self._role(actor).grants.get(type_name, {}).get(verb, Reach.NONE)

    def fields(self, actor: Actor, type_name: str) -> FieldRights:
        """Which fields of ``type_name`` are hidden from ``actor``, and which not theirs to set."""
        if actor == SYSTEM:
            return EVERY_FIELD
        return self._role(actor).fields.get(type_name, EVERY_FIELD)

    def decide(
        self,
        actor: Actor,
        verb: Verb,
        type_name: str,
        record: object | None = None,
        fields: Iterable[str] = (),
    ) -> Decision:
        """Whether ``actor`` may do this: to ``record``, or at all where it is None; using these fields of the schema.

        A record that may not even be read is decided on as any other: who asks says NOT_FOUND instead.
        """
        scope = self.scope(actor, verb, type_name)
        if scope.reach is Reach.NONE:
            return Decision(allowed=False, code="FORBIDDEN", reason=f"Your role may not {verb} any {type_name}.")
        if record is not None and not scope.admits(record):
            return Decision(allowed=False, code="FORBIDDEN", reason=f"Your role may not {verb} this {type_name}.")
        writing = verb not in {Verb.READ, Verb.EXPORT}
        refused = self.fields(actor, type_name).refused(fields, writing=writing)
        if refused is not None:
            return Decision(allowed=False, code=ForbiddenField.code, reason=ForbiddenField.named(refused).message)
        return ALLOWED

    def check_fields(self, actor: Actor, type_name: str, attributes: Iterable[str]) -> None:
        """Raise ForbiddenField where ``actor`` may not set one of these attributes, whatever its value is.

        Every use case asks this of all that its caller wants to set, before it looks at anything else.
        """
        rights = self.fields(actor, type_name)
        refused = rights.refused(map(schema_name, attributes), writing=True)
        if refused is not None:
            raise ForbiddenField.named(refused)

    def _role(self, actor: Actor) -> RoleRights:
        return self.current().roles.get(actor.role, NO_ROLE)

    def _owners(self, actor: Actor, reach: Reach) -> frozenset[str]:
        if reach in {Reach.ALL, Reach.NONE}:
            return frozenset()
        if reach is Reach.OWN or actor.team_id is None:
            return frozenset({actor.id})
        teams = self.current().teams
        return teams.members(actor.team_id, below=reach is Reach.SUBTREE) | {actor.id}
