"""Selection sets of any form to `QuerySelection` trees, for client operations and for field sets alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    print_ast,
    strip_ignored_characters,
)

from rapport_gateway.planning.operation import Names, OperationTooLarge, QueryField, QueryGroup, QuerySelection
from rapport_gateway.supergraph.model import Supergraph

_TYPENAME = "__typename"
Included = Callable[[SelectionNode], bool]
Entry = tuple[frozenset[str], FieldNode]


def always(_: SelectionNode) -> bool:
    return True


class SelectionBuilder:
    """Builds query trees for one plan; hands out mask bits and counts fields."""

    def __init__(self, supergraph: Supergraph, *, limit: int, first_bit: int = 0) -> None:
        self._supergraph = supergraph
        self._limit = limit
        self._next_bit = 1 << first_bit
        self.field_count = 0
        self._built: list[QuerySelection] = []  # memos go by identity, so what was built must live on
        self._signatures: dict[tuple[str, str], object] = {}

    def build(
        self,
        type_name: str,
        selection_sets: Sequence[SelectionSetNode],
        names: Names,
        *,
        fragments: Mapping[str, FragmentDefinitionNode] | None = None,
        included: Included = always,
    ) -> QuerySelection:
        collector = _Collector(self._supergraph, fragments or {}, included)
        possible = self._supergraph.public_types(type_name) if fragments is not None else None
        entries = collector.collect(possible or self._supergraph.all_possible_types(type_name), selection_sets)

        def child(field_type: str, sets: Sequence[SelectionSetNode], child_names: Names) -> QuerySelection:
            return self.build(field_type, sets, child_names, fragments=fragments, included=included)

        groups = tuple(
            self._group(types, nodes, names, child)
            for types, nodes in self._partition(type_name, possible, entries).items()
        )
        selection = QuerySelection(type_name, groups, names, _union(group.mask for group in groups))
        self._built.append(selection)
        return selection

    def _partition(
        self, type_name: str, possible: frozenset[str] | None, entries: list[Entry]
    ) -> dict[tuple[str, ...], list[FieldNode]]:
        """Concrete types that select the same fields, each resolvable in the same way, go together."""
        alike: dict[object, tuple[list[str], list[FieldNode]]] = {}
        for concrete in sorted(possible or self._supergraph.all_possible_types(type_name)):
            selected = [number for number, (types, _) in enumerate(entries) if concrete in types]
            nodes = [entries[number][1] for number in selected]
            signature = (
                tuple(selected),
                self._type_signature(concrete),
                *(self._signature(concrete, n) for n in nodes),
            )
            alike.setdefault(signature, ([], nodes))[0].append(concrete)
        return {tuple(types): nodes for types, nodes in alike.values()}

    def _type_signature(self, concrete: str) -> object:
        return tuple(
            (graph, tuple((key.fields.text, key.resolvable) for key in join.keys))
            for graph, join in self._supergraph.types[concrete].joins.items()
        )

    def _signature(self, concrete: str, node: FieldNode) -> object:
        key = (concrete, node.name.value)
        found = self._signatures.get(key)
        if found is None:
            found = self._signatures[key] = self._field_signature(*key)
        return found

    def _field_signature(self, concrete: str, name: str) -> object:
        info = self._supergraph.types[concrete].fields.get(name)
        if info is None:
            return name
        return (
            print_ast(info.type),
            tuple(
                (
                    join.graph,
                    join.type_text,
                    join.requires and join.requires.text,
                    join.provides and join.provides.text,
                    join.external,
                    join.used_overridden,
                )
                for join in info.joins.values()
            ),
        )

    def _group(
        self,
        types: tuple[str, ...],
        nodes: list[FieldNode],
        names: Names,
        child: Callable[[str, Sequence[SelectionSetNode], Names], QuerySelection],
    ) -> QueryGroup:
        by_key: dict[str, list[FieldNode]] = {}
        for node in nodes:
            by_key.setdefault(node.alias.value if node.alias else node.name.value, []).append(node)
        fields = tuple(self._field(types[0], key, same, names, child) for key, same in by_key.items())
        return QueryGroup(types, fields, _union(field.mask for field in fields))

    def _field(
        self,
        concrete: str,
        key: str,
        nodes: list[FieldNode],
        names: Names,
        child: Callable[[str, Sequence[SelectionSetNode], Names], QuerySelection],
    ) -> QueryField:
        self.field_count += 1
        if self.field_count > self._limit:
            raise OperationTooLarge(f"the operation selects more than {self._limit} fields")
        node = nodes[0]
        name = node.name.value
        if name.startswith("__"):
            source = name if name == _TYPENAME else key
            return QueryField(key, source, name, (), "", "", None, 0, 0)
        info = self._supergraph.field(concrete, name)
        text = arguments_text(node)
        source = names.claim(key, name, text, {graph: join.type_text for graph, join in info.joins.items()})
        bit = self._next_bit
        self._next_bit <<= 1
        children = None
        if self._supergraph.is_composite(info.type_name):
            sets = [same.selection_set for same in nodes if same.selection_set]
            children = child(info.type_name, list({id(item): item for item in sets}.values()), names.child(source))
        mask = bit | (children.mask if children else 0)
        return QueryField(key, source, name, tuple(node.arguments or ()), text, info.type_name, children, bit, mask)


class _Collector:
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


def arguments_text(node: FieldNode) -> str:
    """`(first: 5)`, in the order of names, or an empty string."""
    if not node.arguments:
        return ""
    ordered = sorted(node.arguments, key=lambda argument: argument.name.value)
    return "(" + ", ".join(strip_ignored_characters(print_ast(argument)) for argument in ordered) + ")"


def _union(masks: Iterable[int]) -> int:
    result = 0
    for mask in masks:
        result |= mask
    return result
