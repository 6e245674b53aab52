"""How long the answer to an operation may be kept: the least that any of its fields allows, by Apollo's rules.

A field's own hint counts before that of the type it returns. Without either, a field of the root and one that returns
objects may not be kept at all, unless it inherits; any other is kept as long as what it is on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rapport_gateway.planning.operation import QueryField, QuerySelection
from rapport_gateway.supergraph.cache_hints import CacheHint, CacheHints
from rapport_gateway.supergraph.model import Supergraph

_NO_HINT = CacheHint()


@dataclass(frozen=True, slots=True)
class CachePolicy:
    """`max_age` in seconds, more than 0. `private`: for the one who asked only."""

    max_age: int
    private: bool


def cache_policy(supergraph: Supergraph, root: QuerySelection) -> CachePolicy | None:
    """Of a query as planned; None when its answer may not be kept, or nothing says that it may."""
    if not supergraph.cache_hints:
        return None
    hints = list(_hints(supergraph, root, is_root=True))
    ages = [hint.max_age for hint in hints if hint.max_age is not None]
    if not ages or min(ages) == 0:
        return None
    return CachePolicy(min(ages), any(hint.private for hint in hints))


def _hints(supergraph: Supergraph, selection: QuerySelection, *, is_root: bool) -> Iterator[CacheHint]:
    for group in selection.groups:
        for field in group.fields:
            if not field.name.startswith("__"):
                returns_objects = supergraph.is_composite(field.type_name)
                for type_name in group.types:
                    yield _effective(supergraph.cache_hints, type_name, field, returns_objects, is_root=is_root)
            if field.children is not None:
                yield from _hints(supergraph, field.children, is_root=False)
        if group.resolution is not None and group.resolution.children is not None:
            yield from _hints(supergraph, group.resolution.children, is_root=is_root)


def _effective(hints: CacheHints, parent: str, field: QueryField, returns_objects: bool, *, is_root: bool) -> CacheHint:
    of_type = hints.get((field.type_name, None), _NO_HINT) if returns_objects else _NO_HINT
    of_field = hints.get((parent, field.name), _NO_HINT)
    age = of_type.max_age if of_field.max_age is None else of_field.max_age
    inherits = of_field.inherits or of_type.inherits
    if age is None and (is_root or (returns_objects and not inherits)):
        age = 0
    return CacheHint(age, of_field.private or of_type.private)
