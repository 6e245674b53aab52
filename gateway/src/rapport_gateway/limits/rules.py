"""What a schema says of its own costs: `@cost` and `@listSize` of the cost directives specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

Place = tuple[str, str]
"""Type and field."""


@dataclass(frozen=True, slots=True)
class ListSizeRule:
    """`@listSize`. `slicing` are arguments that say how many; `sized` the fields of what is returned that are
    as long, empty when it is the field itself; `require_one`: exactly one of the slicing arguments must be given."""

    assumed: int | None = None
    slicing: tuple[str, ...] = ()
    sized: frozenset[str] = frozenset()
    require_one: bool = True


@dataclass(frozen=True, slots=True)
class CostRules:
    """Weights as the schema gives them. A type without one weighs 1 where it has fields, else nothing; a field's own
    takes the place of its type's; an argument without one weighs nothing."""

    types: Mapping[str, int] = field(default_factory=dict)
    fields: Mapping[Place, int] = field(default_factory=dict)
    arguments: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    sizes: Mapping[Place, ListSizeRule] = field(default_factory=dict)


NO_RULES = CostRules()
