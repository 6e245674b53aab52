"""Selection sets of any form to `QuerySelection` trees, for client operations and for field sets alike."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from graphql import FieldNode, FragmentDefinitionNode, SelectionSetNode

from rapport_gateway.planning.collect import Collector, Entry, Included, always
from rapport_gateway.planning.literals import literal
from rapport_gateway.planning.operation import (
    Names,
    OperationTooLarge,
    QueryField,
    QueryGroup,
    QuerySelection,
    all_bits,
)
from rapport_gateway.planning.permits import Permits
from rapport_gateway.supergraph.field_sets import FieldSet
from rapport_gateway.supergraph.interface_objects import TYPE_RESOLUTION
from rapport_gateway.supergraph.model import FieldInfo, Kind, Supergraph

Contexts = frozenset[str] | None
"""What objects above a position set, see `QueryField`."""
NO_CONTEXTS: frozenset[str] = frozenset()
ChildBuilder = Callable[[str, Sequence[SelectionSetNode], Names, Contexts], QuerySelection]


class SelectionBuilder:
    """Builds query trees for one plan; hands out mask bits and counts fields."""

    def __init__(
        self, supergraph: Supergraph, *, limit: int, first_bit: int = 0, permits: Permits | None = None
    ) -> None:
        self.supergraph = supergraph
        self._permits = permits
        self._limit = limit
        self._next_bit = 1 << first_bit
        self.field_count = 0
        self._built: list[QuerySelection | QueryGroup] = []  # memos go by identity, so what was built must live on

    def build(
        self,
        type_name: str,
        selection_sets: Sequence[SelectionSetNode],
        names: Names,
        contexts: Contexts = NO_CONTEXTS,
        *,
        fragments: Mapping[str, FragmentDefinitionNode] | None = None,
        included: Included = always,
    ) -> QuerySelection:
        collector = Collector(self.supergraph, fragments or {}, included)
        possible = self.supergraph.public_types(type_name) if fragments is not None else None
        possible = possible or self.supergraph.all_possible_types(type_name)

        child = partial(self.build, fragments=fragments, included=included)
        entries = collector.collect(possible, selection_sets)
        groups = tuple(_Position(self, names, child, entries, contexts).groups(possible))
        selection = QuerySelection(type_name, groups, names, all_bits(group.mask for group in groups))
        self._built.append(selection)
        return selection

    def field_set(self, type_name: str, fields: FieldSet, names: Names, contexts: Contexts = None) -> QueryGroup:
        """The fields as selected on objects of exactly this type, or on an interface that stands for objects."""
        types = frozenset({type_name})
        entries = Collector(self.supergraph, {}, always).collect(types, [fields.selections])
        position = _Position(self, names, self.build, entries, contexts)
        group = position.group((type_name,), [node for _, node in entries])
        self._built.append(group)
        return group

    def new_bit(self) -> int:
        """The mask bit for one more field. Raises OperationTooLarge."""
        self.field_count += 1
        if self.field_count > self._limit:
            raise OperationTooLarge(f"the operation selects more than {self._limit} fields")
        bit = self._next_bit
        self._next_bit <<= 1
        return bit

    def withholds(self, type_name: str, node: FieldNode) -> bool:
        return self._permits is not None and self._permits.withholds(type_name, node)

    def signature(self, concrete: str, node: FieldNode) -> object:
        """Equal for types whose field every subgraph resolves in the same way, and the client may have or not."""
        found = self.supergraph.resolution(concrete, node.name.value)
        return (found, self.withholds(concrete, node)) if self._permits else found


class _Position:
    """One place in the query tree; fields that are equal on several types are built once."""

    def __init__(
        self,
        builder: SelectionBuilder,
        names: Names,
        child: ChildBuilder,
        entries: Sequence[Entry],
        contexts: Contexts,
    ) -> None:
        self._builder = builder
        self._supergraph = builder.supergraph
        self._names = names
        self._child = child
        self._entries = entries
        self._contexts = contexts
        self._selected_on: dict[int, frozenset[str]] = {}
        for types, node in entries:
            before = self._selected_on.setdefault(id(node), types)
            if before is not types:
                self._selected_on[id(node)] = before | types
        self._shared: dict[object, QueryField] = {}
        self._leaves = self._widest_leaves()

    def _widest_leaves(self) -> dict[int, int]:
        """Leaves selected on some types and on more types as well: the latter counts for both."""
        if len(set(self._selected_on.values())) <= 1:
            first: dict[str, int] = {}
            leaves = (node for _, node in self._entries if node.selection_set is None)
            return {id(node): first.setdefault(_response_key(node), id(node)) for node in leaves}
        by_key: dict[str, dict[frozenset[str], int]] = {}
        for _, node in self._entries:
            if node.selection_set is None:
                by_key.setdefault(_response_key(node), {}).setdefault(self._selected_on[id(node)], id(node))
        widest = {}
        for _, node in self._entries:
            if node.selection_set is None:
                types = self._selected_on[id(node)]
                wider = [other for other in by_key[_response_key(node)] if other >= types]
                widest[id(node)] = by_key[_response_key(node)][max(wider, key=len)]
        return widest

    def groups(self, possible: frozenset[str]) -> list[QueryGroup]:
        concrete = sorted(name for name in possible if self._supergraph.types[name].kind is Kind.OBJECT)
        groups: list[QueryGroup] = []
        for types, nodes in self._partition(concrete):
            groups.append(self.group(types, nodes))
        stand_ins = sorted(possible.difference(concrete))
        return [*groups, *(self._stand_in(name, groups) for name in stand_ins)]

    def group(self, types: tuple[str, ...], nodes: Sequence[FieldNode]) -> QueryGroup:
        by_key: dict[str, list[FieldNode]] = {}
        for node in nodes:
            by_key.setdefault(_response_key(node), []).append(node)
        fields: list[QueryField] = []
        for key, same in by_key.items():  # no generator: every level of an operation would cost a stack frame more
            fields.append(self._field(types[0], key, same))
        return QueryGroup(types, tuple(fields), all_bits(field.mask for field in fields))

    def _partition(self, concrete: Sequence[str]) -> Iterable[tuple[tuple[str, ...], list[FieldNode]]]:
        """Types that select the same fields, each resolvable in the same way, go together."""
        if len(concrete) == 1:
            return [((concrete[0],), [node for types, node in self._entries if concrete[0] in types])]
        alike: dict[object, tuple[list[str], list[FieldNode]]] = {}
        for name in concrete:
            selected = [number for number, (types, _) in enumerate(self._entries) if name in types]
            nodes = [self._entries[number][1] for number in selected]
            signature = (
                tuple(selected),
                self._type_signature(name),
                *(self._builder.signature(name, node) for node in nodes),
            )
            alike.setdefault(signature, ([], nodes))[0].append(name)
        return [(tuple(types), nodes) for types, nodes in alike.values()]

    def _type_signature(self, concrete: str) -> object:
        return self._supergraph.contexts.get(concrete), tuple(
            (graph, join.known_as, tuple((key.fields.text, key.resolvable) for key in join.keys))
            for graph, join in self._supergraph.types[concrete].joins.items()
        )

    def _stand_in(self, interface: str, concrete: Sequence[QueryGroup]) -> QueryGroup:
        """What is selected on objects that a subgraph knows by the interface only."""
        hidden = self._supergraph.implementations(interface)
        own = self._supergraph.types[interface].fields
        on_all = [
            interface in types or (bool(hidden) and hidden <= types and node.name.value in own)
            for types, node in self._entries
        ]
        group = self.group(
            (interface,), [node for (_, node), applies in zip(self._entries, on_all, strict=True) if applies]
        )
        is_asked = any(
            node.name.value == TYPE_RESOLUTION or (not applies and types & hidden)
            for (types, node), applies in zip(self._entries, on_all, strict=True)
        )
        if is_asked:
            group.resolution = self._resolution(interface, group, concrete)
            group.mask |= group.resolution.mask
        return group

    def _resolution(self, interface: str, group: QueryGroup, concrete: Sequence[QueryGroup]) -> QueryField:
        """The same objects by concrete type, with what the interface has not brought already."""
        hidden = self._supergraph.implementations(interface)
        known = {id(field) for field in group.fields}
        narrowed = []
        for other in concrete:
            types = tuple(name for name in other.types if name in hidden)
            rest = tuple(field for field in other.fields if id(field) not in known)
            if types:
                narrowed.append(QueryGroup(types, rest, all_bits(field.mask for field in rest)))
        mask = all_bits(narrow.mask for narrow in narrowed)
        selection = QuerySelection(interface, tuple(narrowed), self._names, mask)
        bit = self._builder.new_bit()
        name = TYPE_RESOLUTION
        return QueryField(name, name, name, (), "", interface, selection, bit, bit | mask)

    def _field(self, owner: str, key: str, nodes: list[FieldNode]) -> QueryField:
        node = nodes[0]
        name = node.name.value
        if name.startswith("__"):
            source = name if name == TYPE_RESOLUTION else key
            return QueryField(key, source, name, (), "", "", None, 0, 0)
        allowed = [node for node in nodes if not self._builder.withholds(owner, node)]
        if not allowed:
            return QueryField(key, key, name, (), "", "", None, 0, 0, is_withheld=True)
        nodes, node = allowed, allowed[0]
        info = self._supergraph.field(owner, name)
        text = arguments_text(node)
        source = self._names.claim(key, name, text, info.shape)
        own = self._supergraph.contexts.get(owner, NO_CONTEXTS)
        alike = frozenset([self._leaves.get(id(node), id(node)) for node in nodes])
        same = (key, source, info.type_name, own, alike)
        found = self._shared.get(same)
        if found is None:
            found = self._shared[same] = self._new_field(key, source, info, nodes, own, text)
        return found

    def _new_field(
        self, key: str, source: str, info: FieldInfo, nodes: list[FieldNode], own: frozenset[str], text: str
    ) -> QueryField:
        """`own` are the contexts that the object itself sets, for what is below it; `text` are the arguments."""
        bit = self._builder.new_bit()
        children = None
        if self._supergraph.is_composite(info.type_name):
            sets = {id(node.selection_set): node.selection_set for node in nodes if node.selection_set}
            below = None if self._contexts is None else self._contexts | own
            children = self._child(info.type_name, list(sets.values()), self._names.child(source), below)
        mask = bit | (children.mask if children else 0)
        arguments = tuple(nodes[0].arguments or ())
        types = self._selected_on[id(nodes[0])].union(*(self._selected_on[id(node)] for node in nodes[1:]))
        return QueryField(
            key, source, info.name, arguments, text, info.type_name, children, bit, mask, types, contexts=self._contexts
        )


def _response_key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def arguments_text(node: FieldNode) -> str:
    """`(first: 5)`, in the order of names, or an empty string."""
    if not node.arguments:
        return ""
    ordered = sorted(node.arguments, key=lambda argument: argument.name.value)
    return "(" + ", ".join(f"{argument.name.value}: {literal(argument.value)}" for argument in ordered) + ")"
