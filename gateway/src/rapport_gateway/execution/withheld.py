"""What a client may not have, told once for each selected field, at the first place in the answer that it is for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rapport_gateway.errors import UNAUTHENTICATED, UNAUTHORIZED_FIELD_OR_TYPE, ErrorDict, error
from rapport_gateway.planning.operation import QueryField, QuerySelection

_Way = tuple[tuple[QueryField, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Withheld:
    """Ways from the root to withheld fields: each field with the types of the objects that it is taken of.

    `unauthenticated`: the client has not shown who it is, and would have had to.
    """

    ways: tuple[_Way, ...] = ()
    unauthenticated: bool = False


NOTHING = Withheld()


def withheld(root: QuerySelection, *, unauthenticated: bool) -> Withheld:
    """Found once per plan. A position that several ways lead to is told of by the first."""
    found: dict[tuple[str, ...], _Way] = {}
    seen = {id(root)}
    level: list[tuple[QuerySelection, _Way]] = [(root, ())]
    while level:
        below: list[tuple[QuerySelection, _Way]] = []
        for selection, above in level:
            for group in selection.groups:
                for field in group.fields:
                    way = (*above, (field, group.types))
                    if field.is_withheld:
                        found.setdefault(tuple(step.response_key for step, _ in way), way)
                    elif field.children is not None and id(field.children) not in seen:
                        seen.add(id(field.children))
                        below.append((field.children, way))
        level = below
    return Withheld(tuple(found.values()), unauthenticated)


def unauthorized(data: dict[str, Any], told: Withheld) -> list[ErrorDict]:
    """One error for each way; its path ends where the answer does, when nothing is there that the field is of."""
    if told.unauthenticated:
        message, code = "Sign in first: there is no access token, or none that is valid.", UNAUTHENTICATED
    else:
        message, code = "Unauthorized field or type", UNAUTHORIZED_FIELD_OR_TYPE
    return [error(message, code, path=_first_place(data, way)) for way in told.ways]


def _first_place(data: object, way: _Way) -> list[str | int]:
    path: list[str | int] = []
    value = data
    for number, (field, types) in enumerate(way):
        if not isinstance(value, dict):
            break
        path.append(field.response_key)
        value = value.get(field.source)
        following = way[number + 1][1] if number + 1 < len(way) else types
        index, value = _first(value, following)
        path.extend(index)
    return path


def _first(value: object, types: tuple[str, ...]) -> tuple[list[int], object]:
    """The first object in lists of any depth, of one of the types where it tells its own, and where it stands."""
    if isinstance(value, list):
        for number, item in enumerate(value):
            index, found = _first(item, types)
            if found is not None:
                return [number, *index], found
        return [], None
    if isinstance(value, dict) and value.get("__typename", types[0]) in types:
        return [], value
    return [], None
