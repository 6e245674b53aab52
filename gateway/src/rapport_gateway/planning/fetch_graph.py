"""The fetches of a plan while it is being made, and what each depends on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import ArgumentNode

from rapport_gateway.planning.contextual import ContextSource, ContextValue
from rapport_gateway.planning.operation import QueryField


class Segment(NamedTuple):
    """One step down the value tree: at objects of `types` (any, when empty) take `key`; lists are gone through."""

    key: str
    types: tuple[str, ...] = ()


Path = tuple[Segment, ...]


@dataclass(slots=True, eq=False)
class StepField:
    """`filled` are arguments, by name, whose values come from contexts."""

    source: str
    name: str
    arguments: tuple[ArgumentNode, ...]
    children: StepSelection | None
    filled: tuple[tuple[str, ContextValue], ...] = ()


@dataclass(slots=True, eq=False)
class StepSelection:
    """Selections on one position of a fetch; `declared` is the type there in the subgraph's own schema."""

    declared: str
    with_typename: bool = False
    by_type: dict[str, dict[str, StepField]] = field(default_factory=dict)

    def add(self, types: tuple[str, ...], query: QueryField, declared: str, *, abstract: bool) -> list[StepField]:
        """The field on each of the types: what is there already, and one new field for all types that lack it."""
        fresh = None
        found: dict[int, StepField] = {}
        for type_name in types:
            fields = self.by_type.setdefault(type_name, {})
            if query.source not in fields:
                if fresh is None:
                    children = None if query.children is None else StepSelection(declared, abstract)
                    fresh = StepField(query.source, query.name, query.arguments, children)
                fields[query.source] = fresh
            found[id(fields[query.source])] = fields[query.source]
        return list(found.values())


@dataclass(slots=True, eq=False)
class Representation:
    """How objects of one type are told to a subgraph: under which type name, and with which fields."""

    sent_as: str
    fields: list[QueryField]


@dataclass(slots=True, eq=False)
class Step:
    """One fetch. `inputs` holds, for entity fetches, the representation of each type's objects, `keys` which of the
    fields (by source) make up its key, `contexts` what is read of objects above them."""

    number: int
    graph: str
    path: Path
    is_entity: bool
    selection: StepSelection
    after: set[Step] = field(default_factory=set)
    inputs: dict[str, Representation] = field(default_factory=dict)
    keys: set[tuple[str, str]] = field(default_factory=set)
    contexts: dict[ContextValue, ContextSource] = field(default_factory=dict)

    def add_inputs(self, inputs: Mapping[str, Representation]) -> None:
        for type_name, added in inputs.items():
            self.inputs.setdefault(type_name, Representation(added.sent_as, [])).fields.extend(added.fields)


def can_send_together(first: Mapping[str, Representation], second: Mapping[str, Representation]) -> bool:
    """Whether one representation can hold both: no field with two values (of other arguments) under one name.

    Types that are sent under one name are answered alike, so they must want the same.
    """
    if any(types != names for types, names in _shared_names(first, second)):
        return False
    return all(
        one.sent_as == second[name].sent_as and _agree([*one.fields, *second[name].fields])
        for name, one in first.items()
        if name in second
    )


def _shared_names(
    first: Mapping[str, Representation], second: Mapping[str, Representation]
) -> Iterable[tuple[set[str], set[str]]]:
    """The types of both that go under one name, for every such name."""
    for sent_as in {item.sent_as for item in first.values()} & {item.sent_as for item in second.values()}:
        yield (
            {name for name, item in first.items() if item.sent_as == sent_as},
            {name for name, item in second.items() if item.sent_as == sent_as},
        )


def _agree(fields: Iterable[QueryField]) -> bool:
    by_name: dict[str, list[QueryField]] = {}
    for query in fields:
        by_name.setdefault(query.name, []).append(query)
    for same in by_name.values():
        if len({query.source for query in same}) > 1:
            return False
        groups = [group for query in same if query.children for group in query.children.groups]
        types = dict.fromkeys(name for group in groups for name in group.types)
        if not all(_agree([q for group in groups if name in group.types for q in group.fields]) for name in types):
            return False
    return True


class FetchGraph:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._known: dict[object, Step] = {}

    def root(self, graph: str, path: Path, type_name: str, after: set[Step]) -> Step:
        return self._get(("root", graph, path, frozenset(after), 0), graph, path, StepSelection(type_name), after)

    def entities(self, graph: str, path: Path, after: set[Step], inputs: Mapping[str, Representation]) -> Step:
        """The step for these representations; one that is there is used when it can send them too."""
        variant = 0
        while True:
            key = ("entity", graph, path, frozenset(after), variant)
            step = self._get(key, graph, path, StepSelection("_Entity"), after)
            if can_send_together(step.inputs, inputs):
                return step
            variant += 1

    def _get(
        self,
        key: tuple[str, str, Path, frozenset[Step], int],
        graph: str,
        path: Path,
        selection: StepSelection,
        after: set[Step],
    ) -> Step:
        step = self._known.get(key)
        if step is None:
            step = Step(len(self.steps), graph, path, key[0] == "entity", selection, set(after))
            self._known[key] = step
            self.steps.append(step)
        return step
