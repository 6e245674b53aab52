"""The fetches of a plan while it is being made, and what each depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import ArgumentNode

from rapport_gateway.planning.operation import QueryField


class Segment(NamedTuple):
    """One step down the value tree: at objects of `types` (any, when empty) take `key`; lists are gone through."""

    key: str
    types: tuple[str, ...] = ()


Path = tuple[Segment, ...]


@dataclass(slots=True, eq=False)
class StepField:
    source: str
    name: str
    arguments: tuple[ArgumentNode, ...]
    children: StepSelection | None


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
class Step:
    """One fetch. `inputs` holds, for entity fetches, the fields of each type's representation, `keys` which of them
    (by source) make up its key."""

    number: int
    graph: str
    path: Path
    is_entity: bool
    selection: StepSelection
    after: set[Step] = field(default_factory=set)
    inputs: dict[str, list[QueryField]] = field(default_factory=dict)
    keys: set[tuple[str, str]] = field(default_factory=set)


class FetchGraph:
    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._known: dict[object, Step] = {}

    def root(self, graph: str, path: Path, type_name: str, after: set[Step]) -> Step:
        return self._get(("root", graph, path, frozenset(after)), graph, path, StepSelection(type_name), after)

    def entities(self, graph: str, path: Path, after: set[Step]) -> Step:
        return self._get(("entity", graph, path, frozenset(after)), graph, path, StepSelection("_Entity"), after)

    def _get(
        self,
        key: tuple[str, str, Path, frozenset[Step]],
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
