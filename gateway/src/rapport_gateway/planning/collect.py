"""Selection sets flattened: fragments entered, conditions applied, each field with the types it is selected on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
)

from rapport_gateway.supergraph.model import Supergraph

Included = Callable[[SelectionNode], bool]
Entry = tuple[frozenset[str], FieldNode]


def always(_: SelectionNode) -> bool:
    return True


class Collector:
    """Selections flattened to (types they apply to, field). Linear: a fragment is entered once per type set."""

    def __init__(
        self, supergraph: Supergraph, fragments: Mapping[str, FragmentDefinitionNode], included: Included
    ) -> None:
        self._supergraph = supergraph
        self._fragments = fragments
        self._included = included
        self._seen: set[tuple[str, frozenset[str]]] = set()

    def collect(self, types: frozenset[str], selection_sets: Iterable[SelectionSetNode]) -> list[Entry]:
        return [entry for selection_set in selection_sets for entry in self._entries(types, selection_set)]

    def _entries(self, types: frozenset[str], selection_set: SelectionSetNode) -> Iterator[Entry]:
        for selection in selection_set.selections:
            if not self._included(selection):
                continue
            if isinstance(selection, FieldNode):
                yield types, selection
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                narrowed = self._narrow(types, condition.name.value) if condition else types
                if narrowed:
                    yield from self._entries(narrowed, selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode):
                yield from self._spread(types, selection.name.value)

    def _spread(self, types: frozenset[str], name: str) -> Iterator[Entry]:
        fragment = self._fragments[name]
        narrowed = self._narrow(types, fragment.type_condition.name.value)
        if narrowed and (name, narrowed) not in self._seen:
            self._seen.add((name, narrowed))
            yield from self._entries(narrowed, fragment.selection_set)

    def _narrow(self, types: frozenset[str], condition: str) -> frozenset[str]:
        return types & self._supergraph.all_possible_types(condition)
