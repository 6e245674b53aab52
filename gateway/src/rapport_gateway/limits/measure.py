"""How large a document is once its fragments are expanded, without expanding them.

Each definition is walked once and its sums are kept by fragment, so the work is linear in the document however often
fragments are spread. Only the counts grow, and they stop at COUNT_CAP.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    ListValueNode,
    ObjectValueNode,
    OperationDefinitionNode,
    ValueNode,
)

from rapport_gateway.limits.refusal import COUNT_CAP

_INTROSPECTION = frozenset({"__schema", "__type"})
Spread = tuple[str, int, int]
"""The fragment's name, the fields above it, the selection sets around it."""
ExecutableNode = OperationDefinitionNode | FragmentDefinitionNode


@dataclass(slots=True)
class Totals:
    """Of one definition with the fragments that it spreads. A top-level field has the `depth` and `nesting` 1, which
    count the fields above, and the selection sets."""

    selections: int = 0
    aliases: int = 0
    root_fields: int = 0
    depth: int = 0
    nesting: int = 0

    def add(self, other: Totals, depth: int, nesting: int) -> None:
        """A spread below `depth` fields and `nesting` selection sets."""
        self.selections = min(self.selections + other.selections, COUNT_CAP)
        self.aliases = min(self.aliases + other.aliases, COUNT_CAP)
        self.depth = max(self.depth, depth + other.depth)
        self.nesting = max(self.nesting, nesting + other.nesting)
        if depth == 0:
            self.root_fields = min(self.root_fields + other.root_fields, COUNT_CAP)


@dataclass(slots=True)
class Size:
    """Of a document. `totals` is of its largest operation, count by count, but its selections are the whole document's;
    directives and literal values are counted as they are written. `steps` says how much was looked at."""

    totals: Totals = field(default_factory=Totals)
    directives: int = 0
    directives_per_location: int = 0
    literal_values: int = 0
    literal_depth: int = 0
    introspects: bool = False
    steps: int = 0


class FragmentCycle(Exception):
    """A fragment spreads itself, directly or through others; `args[0]` names it."""


def measure(document: DocumentNode) -> Size:
    """Raises FragmentCycle."""
    return _Measuring(document).size()


class _Measuring:
    def __init__(self, document: DocumentNode) -> None:
        self._definitions = [
            node for node in document.definitions if isinstance(node, OperationDefinitionNode | FragmentDefinitionNode)
        ]
        self._fragments = {
            node.name.value: node for node in self._definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._own: dict[int, tuple[Totals, list[Spread]]] = {}
        self._known: dict[str, Totals] = {}
        self._size = Size()

    def size(self) -> Size:
        for node in self._definitions:
            self._own[id(node)] = self._walk(node)
        spread = {name for _, spreads in self._own.values() for name, _, _ in spreads}
        for name in self._fragments:
            self._fragment(name, ())
        largest = self._size.totals
        for node in self._definitions:
            # What nothing spreads is not executed, but it is validated.
            if isinstance(node, FragmentDefinitionNode) and self._is_spread(node, spread):
                continue
            totals = self._expanded(node, ())
            largest.selections = min(largest.selections + totals.selections, COUNT_CAP)
            largest.aliases = max(largest.aliases, totals.aliases)
            largest.depth = max(largest.depth, totals.depth)
            largest.nesting = max(largest.nesting, totals.nesting)
            largest.root_fields = max(largest.root_fields, totals.root_fields)
        return self._size

    def _is_spread(self, node: FragmentDefinitionNode, spread: set[str]) -> bool:
        return node.name.value in spread and self._fragments[node.name.value] is node

    def _expanded(self, node: ExecutableNode, path: tuple[str, ...]) -> Totals:
        own, spreads = self._own[id(node)]
        totals = replace(own)
        for name, depth, nesting in spreads:
            if name in self._fragments:
                totals.add(self._fragment(name, path), depth, nesting)
        return totals

    def _fragment(self, name: str, path: tuple[str, ...]) -> Totals:
        if name in path:
            raise FragmentCycle(name)
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = self._expanded(self._fragments[name], (*path, name))
        return known

    def _walk(self, node: ExecutableNode) -> tuple[Totals, list[Spread]]:
        """The definition's own sums, and the fragments it spreads."""
        totals = Totals()
        spreads: list[Spread] = []
        self._directives(node.directives)
        if isinstance(node, OperationDefinitionNode):
            for variable in node.variable_definitions or ():
                self._directives(variable.directives)
                if variable.default_value is not None:
                    self._values([variable.default_value])
        waiting = [(node.selection_set, 0, 1)]
        while waiting:
            selection_set, depth, nesting = waiting.pop()
            totals.nesting = max(totals.nesting, nesting)
            for selection in selection_set.selections:
                totals.selections += 1
                self._size.steps += 1
                self._directives(selection.directives)
                if isinstance(selection, FieldNode):
                    self._field(selection, depth, totals)
                    if selection.selection_set:
                        waiting.append((selection.selection_set, depth + 1, nesting + 1))
                elif isinstance(selection, InlineFragmentNode):
                    waiting.append((selection.selection_set, depth, nesting + 1))
                elif isinstance(selection, FragmentSpreadNode):
                    spreads.append((selection.name.value, depth, nesting))
        return totals, spreads

    def _field(self, node: FieldNode, depth: int, totals: Totals) -> None:
        totals.aliases += node.alias is not None
        totals.root_fields += depth == 0
        totals.depth = max(totals.depth, depth + 1)
        self._size.introspects |= node.name.value in _INTROSPECTION
        self._values(_argument_values(node.arguments))

    def _directives(self, directives: Iterable[DirectiveNode] | None) -> None:
        here = 0
        for directive in directives or ():
            here += 1
            self._values(_argument_values(directive.arguments))
        self._size.steps += here
        self._size.directives += here
        self._size.directives_per_location = max(self._size.directives_per_location, here)

    def _values(self, values: Iterable[ValueNode]) -> None:
        waiting = [(value, 1) for value in values]
        while waiting:
            value, depth = waiting.pop()
            self._size.steps += 1
            self._size.literal_values += 1
            if isinstance(value, ListValueNode):
                inner: Iterable[ValueNode] = value.values
            elif isinstance(value, ObjectValueNode):
                inner = (item.value for item in value.fields)
            else:
                continue
            self._size.literal_depth = max(self._size.literal_depth, depth)
            waiting.extend((item, depth + 1) for item in inner)


def _argument_values(arguments: Iterable[ArgumentNode] | None) -> Iterator[ValueNode]:
    return (argument.value for argument in arguments or ())
