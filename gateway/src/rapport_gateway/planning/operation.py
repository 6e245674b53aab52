"""The normalised operation: fragments flattened, conditions applied, fields grouped by concrete type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql import ArgumentNode, OperationDefinitionNode

from rapport_gateway.supergraph.interface_objects import TYPE_RESOLUTION


@dataclass(slots=True)
class Names:
    """The keys used at one position of the value tree, so that no two different fields share one there."""

    used: dict[str, tuple[str, str, dict[str, str]]] = field(default_factory=dict)
    children: dict[str, Names] = field(default_factory=dict)

    def claim(self, wanted: str, name: str, arguments: str, shape: Mapping[str, str]) -> str:
        """The key for a field: `wanted` where free or taken by an equal field, else a variation of it.

        `shape` is the field's type per subgraph: one document must not give two types under one key.
        """
        key, number = wanted, 1
        while not self._take(key, name, arguments, shape):
            number += 1
            key = f"{wanted}__{number}"
        return key

    def _take(self, key: str, name: str, arguments: str, shape: Mapping[str, str]) -> bool:
        if key == "__typename":
            return name == "__typename"
        held = self.used.get(key)
        if held is None:
            self.used[key] = (name, arguments, dict(shape))
            return True
        if held[0] != name or held[1] != arguments:
            return False
        for graph, text in shape.items():
            if held[2].get(graph, text) != text:
                return False
        held[2].update(shape)
        return True

    def child(self, key: str) -> Names:
        return self.children.setdefault(key, Names())


@dataclass(slots=True, eq=False)
class QueryField:
    """A selected field. `source` is its key in the value tree, `response_key` its key in the answer.

    `bit` marks the field itself in planning masks, `mask` the field with everything below it; both are 0 for
    `__typename` and introspection, which no plan has to fetch. Equal fields of several groups are one object.
    `selected_on` are the types at the position for which it is selected. `is_withheld`: the client may not have it.
    `contexts` are those that objects above set; None: whatever is needed counts as set.
    """

    response_key: str
    source: str
    name: str
    arguments: tuple[ArgumentNode, ...]
    arguments_text: str
    type_name: str
    children: QuerySelection | None
    bit: int
    mask: int
    selected_on: frozenset[str] = frozenset()
    is_withheld: bool = False
    contexts: frozenset[str] | None = None

    @property
    def is_resolution(self) -> bool:
        """Not a field of the subgraph's answer but the objects themselves, seen by concrete type."""
        return self.name == TYPE_RESOLUTION and self.children is not None


@dataclass(slots=True, eq=False)
class QueryGroup:
    """Fields selected on types that all subgraphs treat alike: concrete types, or one interface that stands for them.

    `resolution` is the field that tells the concrete type and, below it, what is selected on some types only.
    `skipped` are bits of fields that are selected on types which do not occur at the position.
    """

    types: tuple[str, ...]
    fields: tuple[QueryField, ...]
    mask: int
    resolution: QueryField | None = None
    skipped: int = 0

    @property
    def wanted(self) -> tuple[QueryField, ...]:
        """What has to be fetched."""
        fields = self.fields if self.resolution is None else (*self.fields, self.resolution)
        return tuple(field for field in fields if not field.bit & self.skipped) if self.skipped else fields

    @property
    def wanted_mask(self) -> int:
        return self.mask & ~self.skipped


@dataclass(slots=True, eq=False)
class QuerySelection:
    """What is selected on one position; `type_name` is the declared type there."""

    type_name: str
    groups: tuple[QueryGroup, ...]
    names: Names
    mask: int


@dataclass(frozen=True, slots=True, eq=False)
class NormalisedOperation:
    definition: OperationDefinitionNode
    kind: str
    root: QuerySelection
    field_count: int


class OperationTooLarge(Exception):
    """The operation selects more fields, fragments expanded, than may be planned."""


def all_bits(masks: Iterable[int]) -> int:
    result = 0
    for mask in masks:
        result |= mask
    return result
