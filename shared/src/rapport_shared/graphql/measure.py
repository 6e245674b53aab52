"""How large a document is once its fragments are expanded, without expanding them.

Each definition is walked once, and its counts are added wherever it is spread: the work is linear in the document, only
the counts grow.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FloatValueNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    VariableNode,
)
from graphql.language import ObjectValueNode, ValueNode

_COUNT_CAP = 10**9
_META = frozenset({"__schema", "__type"})


@dataclass(slots=True)
class Size:
    """``counts`` are by the name of their limit.

    ``representations`` names the variables that ``_entities`` fields take theirs from, once for each field;
    ``listed_representations`` are those written into the document. ``steps`` is how much was looked at.
    """

    counts: Counter[str] = field(default_factory=Counter)
    representations: list[str] = field(default_factory=list)
    listed_representations: int = 0
    steps: int = 0


@dataclass(slots=True)
class _Part:
    """One definition: its own counts, how deep its selection sets go, and what it spreads how deep."""

    counts: Counter[str] = field(default_factory=Counter)
    nesting: int = 1
    spreads: list[tuple[str, int]] = field(default_factory=list)


def measure(document: DocumentNode) -> Size:
    """Raises GraphQLError where a fragment spreads itself."""
    return _Measuring().size(document)


class _Measuring:
    def __init__(self) -> None:
        self._size = Size()
        self._fragments: dict[str, _Part] = {}
        self._expanded: dict[str, _Part] = {}

    def size(self, document: DocumentNode) -> Size:
        unnamed: list[_Part] = []
        for node in document.definitions:
            if isinstance(node, FragmentDefinitionNode) and node.name.value not in self._fragments:
                self._fragments[node.name.value] = self._part(node)
            elif isinstance(node, OperationDefinitionNode | FragmentDefinitionNode):
                unnamed.append(self._part(node))
        parts = [*unnamed, *self._fragments.values()]
        expanded = [self._expand(part, ()) for part in unnamed]
        expanded += [self._fragment(name, ()) for name in self._fragments.keys() - _spread_by(parts)]
        # Whatever is left over is in a ring, which is looked for from each of its fragments.
        for name in self._fragments.keys() - self._expanded.keys():
            self._fragment(name, ())
        counts = self._size.counts
        for part in expanded:
            _add(counts, part.counts)
            counts["nesting"] = max(counts["nesting"], part.nesting)
        counts["definitions"] = len(document.definitions)
        if counts.pop("introspection", 0):
            counts["introspection_aliases"] = counts["aliases"]
        return self._size

    def _fragment(self, name: str, path: tuple[str, ...]) -> _Part:
        if name in path:
            raise GraphQLError(f"Cannot spread fragment '{name}' within itself.")
        if name not in self._expanded:
            self._expanded[name] = self._expand(self._fragments[name], (*path, name))
        return self._expanded[name]

    def _expand(self, part: _Part, path: tuple[str, ...]) -> _Part:
        whole = _Part(part.counts.copy(), part.nesting)
        for name, nesting in part.spreads:
            if name in self._fragments:
                inner = self._fragment(name, path)
                _add(whole.counts, inner.counts)
                whole.nesting = max(whole.nesting, nesting + inner.nesting)
        return whole

    def _part(self, node: OperationDefinitionNode | FragmentDefinitionNode) -> _Part:
        part = _Part()
        self._plain(node)
        waiting = [(node.selection_set, 1)]
        while waiting:
            selection_set, nesting = waiting.pop()
            part.nesting = max(part.nesting, nesting)
            for selection in selection_set.selections:
                part.counts["selections"] += 1
                self._plain(selection)
                if isinstance(selection, FragmentSpreadNode):
                    part.spreads.append((selection.name.value, nesting))
                    continue
                if isinstance(selection, FieldNode):
                    part.counts["aliases"] += selection.alias is not None
                    part.counts["introspection"] += selection.name.value in _META
                    self._entities(selection)
                below = getattr(selection, "selection_set", None)
                if below is not None:
                    waiting.append((below, nesting + 1))
        return part

    def _plain(self, node: Any) -> None:
        """What is counted as it is written: directives, and the values of arguments and defaults."""
        self._size.steps += 1
        directives = list(getattr(node, "directives", None) or ())
        for variable in getattr(node, "variable_definitions", None) or ():
            directives += variable.directives or ()
            self._values([variable.default_value] if variable.default_value else [])
        self._size.counts["directives"] += len(directives)
        for holder in (node, *directives):
            self._values(argument.value for argument in getattr(holder, "arguments", None) or ())

    def _values(self, values: Iterable[ValueNode]) -> None:
        counts = self._size.counts
        waiting = [(value, 1) for value in values]
        while waiting:
            value, depth = waiting.pop()
            self._size.steps += 1
            counts["literal_values"] += 1
            if isinstance(value, IntValueNode | FloatValueNode):
                counts["number_length"] = max(counts["number_length"], len(value.value))
            if isinstance(value, ListValueNode | ObjectValueNode):
                counts["input_depth"] = max(counts["input_depth"], depth)
                inner: Any = value.values if isinstance(value, ListValueNode) else (item.value for item in value.fields)
                waiting.extend((item, depth + 1) for item in inner)

    def _entities(self, node: FieldNode) -> None:
        if node.name.value != "_entities":
            return
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                self._size.representations.append(argument.value.name.value)
            elif isinstance(argument.value, ListValueNode):
                self._size.listed_representations += len(argument.value.values)


def _spread_by(parts: Iterable[_Part]) -> set[str]:
    return {name for part in parts for name, _ in part.spreads}


def _add(counts: Counter[str], more: Counter[str]) -> None:
    for name, number in more.items():
        counts[name] = min(counts[name] + number, _COUNT_CAP)
