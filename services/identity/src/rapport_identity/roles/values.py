"""The rules of a role's values: each function returns the value in its stored form, or raises what is wrong."""

import re
from collections.abc import Iterable
from typing import Final

from rapport_identity.roles.errors import InvalidFieldRight, InvalidGrant, InvalidLabel, InvalidRoleName
from rapport_shared.actor import SYSTEM
from rapport_shared.contracts.roles import DEFAULT_ROLES, MASKABLE, SETTABLE, restrictable
from rapport_shared.rights import EVERY_FIELD, FieldRight, Reach, RoleRights, Verb
from rapport_shared.text import printable

Grants = dict[str, dict[str, str]]
"""type name -> verb -> reach; without NONE."""
Fields = dict[str, dict[str, str]]
"""type name -> field in the schema -> right; without WRITE."""

ADMIN: Final = "ADMIN"
MAX_LABEL: Final = 100
_NAME: Final = re.compile(r"[A-Z][A-Z0-9_]{1,39}")
_REACHES: Final = list(Reach)
TYPES: Final = frozenset(DEFAULT_ROLES[ADMIN].grants)
"""What rights can be given for."""


def valid_role_name(value: str) -> str:
    """2 to 40 capital letters, digits and underscores."""
    if not _NAME.fullmatch(value) or value == SYSTEM.role:
        message = "A role's name has 2 to 40 capital letters, digits and underscores, and begins with a letter."
        raise InvalidRoleName(message, path=("input", "name"))
    return value


def valid_label(value: str) -> str:
    """Trimmed, 1 to 100 characters."""
    label = printable(value)
    if not label or len(label) > MAX_LABEL:
        raise InvalidLabel(f"A label has 1 to {MAX_LABEL} printable characters.", path=("input", "label"))
    return label


def valid_grants(given: Iterable[tuple[str, Verb, Reach]]) -> Grants:
    """From (type name, verb, reach)."""
    grants: Grants = {}
    for type_name, verb, reach in given:
        if type_name not in TYPES:
            message = f"Rights are given for {', '.join(sorted(TYPES))}, not for {type_name[:100]!r}."
            raise InvalidGrant(message, path=("input", "grants"))
        verbs = grants.setdefault(type_name, {})
        if verb.value in verbs:
            raise InvalidGrant(f"{type_name} has {verb} twice.", path=("input", "grants"))
        verbs[verb.value] = reach.value
    return {
        type_name: kept
        for type_name, verbs in sorted(grants.items())
        if (kept := {verb: reach for verb, reach in sorted(verbs.items()) if reach != Reach.NONE})
    }


def valid_fields(given: Iterable[tuple[str, str, FieldRight]]) -> Fields:
    """From (type name, field, right)."""
    fields: Fields = {}
    for type_name, field, right in given:
        possible = MASKABLE if right is FieldRight.MASK else SETTABLE
        if not restrictable(type_name, field, possible):
            message = f"A role cannot have the right {right} for {type_name[:100]}.{field[:100]}."
            raise InvalidFieldRight(message, path=("input", "fieldRights"))
        rights = fields.setdefault(type_name, {})
        if field in rights:
            raise InvalidFieldRight(f"{type_name}.{field} is named twice.", path=("input", "fieldRights"))
        rights[field] = right.value
    return {
        type_name: kept
        for type_name, rights in sorted(fields.items())
        if (kept := {field: right for field, right in sorted(rights.items()) if right != FieldRight.WRITE})
    }


def covers(holder: RoleRights, wanted: RoleRights) -> bool:
    """Whether ``holder`` may do all that ``wanted`` may: nobody gives, or has power over, more than they have."""
    for type_name, verbs in wanted.grants.items():
        held = holder.grants.get(type_name, {})
        if any(_REACHES.index(reach) > _REACHES.index(held.get(verb, Reach.NONE)) for verb, reach in verbs.items()):
            return False
        if not verbs:
            continue
        mine, theirs = holder.fields.get(type_name, EVERY_FIELD), wanted.fields.get(type_name, EVERY_FIELD)
        if not mine.hidden <= theirs.hidden or not mine.read_only <= theirs.read_only | theirs.hidden:
            return False
    return True
