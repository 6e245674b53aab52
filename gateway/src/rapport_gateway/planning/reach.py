"""What can be had from where: from an object in a subgraph, directly or over entity jumps.

Answers are bit masks over the fields of the query tree. All of them are memoised, so that the work is bounded by
fields times subgraphs. A question that is asked again while it is being answered (keys or requirements in a circle)
counts as "no", and what was concluded from such a "no" is not remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

from rapport_gateway.planning.contextual import Contextual, contextual
from rapport_gateway.planning.joins import Via, joins_of
from rapport_gateway.planning.operation import Names, QueryField, QueryGroup, QuerySelection
from rapport_gateway.planning.provided import NOTHING, Provided, merged
from rapport_gateway.planning.selections import SelectionBuilder
from rapport_gateway.supergraph.field_sets import FieldSet
from rapport_gateway.supergraph.model import FieldJoin, Key, Supergraph

T = TypeVar("T")
Avoid = frozenset[str]
_Fetches = frozenset[tuple[str, str]]
"""Fetches at one object: the subgraph that is entered, or from which a field comes below which more is fetched."""
_NO_FETCHES: _Fetches = frozenset()
_UNKNOWN: Any = object()


class Place(NamedTuple):
    """An object of a concrete type as one subgraph has it; `graph` is empty before the first fetch.

    Where a subgraph has several views of the type (see `TypeJoin`), `graph` names the view; below a field it is the
    subgraph again (`Via.join.graph`).

    `avoid` names subgraphs that must not be entered here, because their key is what is being looked for.
    """

    type_name: str
    graph: str
    provided: Provided = NOTHING
    avoid: Avoid = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A way into `graph` at an object; `cost` counts the fetches, those for the key included."""

    graph: str
    key: Key | None
    cost: int


class Reach:
    def __init__(self, supergraph: Supergraph, builder: SelectionBuilder) -> None:
        self.supergraph = supergraph
        self._builder = builder
        self._joins = joins_of(supergraph)
        self._memo: dict[Hashable, object] = {}
        self._asked: set[Hashable] = set()
        self._circular = False

    # -- fields

    def via(self, type_name: str, field: QueryField, graph: str, provided: Provided = NOTHING) -> Via | None:
        """How `graph` resolves the field, its `@requires` aside; None when it does not."""
        if not provided.fields:
            key = (type_name, field.name, graph)
            found: Via | None = self._joins.plain.get(key, _UNKNOWN)
            if found is not _UNKNOWN:
                return found
        join = self._joins.find(type_name, field.name, graph)
        if join is None or (join.context_arguments and not _is_context_set(join, field)):
            return None
        if not provided.fields and not join.context_arguments:
            return self._joins.learn(key)
        given = provided.below(type_name, field.name) if provided.fields else None
        if given is None:
            if join.external or join.used_overridden:
                return None
            given = NOTHING
        return Via(join, given if join.provides is None else self._provided_below(join, given))

    def _provided_below(self, join: FieldJoin, given: Provided) -> Provided:
        own = self._joins.provided_below(join)
        return self._remember(("merged", id(own), id(given)), lambda: merged(given, own), own)

    def requirement(
        self, type_name: str, field: QueryField, graph: str, provided: Provided = NOTHING
    ) -> FieldSet | None:
        """What to satisfy before `graph` can resolve the field: its `@requires`, contexts; None where it is free."""
        join = self._joins.find(type_name, field.name, graph)
        return None if join is None else self.required(join, type_name, field, provided)

    def required(
        self, join: FieldJoin, type_name: str, field: QueryField, provided: Provided = NOTHING
    ) -> FieldSet | None:
        """The same for a subgraph that takes part in the field."""
        if join.context_arguments:
            return self._contextual(join)
        if join.requires is None:
            return None
        return join.requires if provided.below(type_name, field.name) is None else None

    def _contextual(self, join: FieldJoin) -> Contextual:
        found = self._memo.get(("contextual", id(join)))
        if found is None:
            found = self._memo["contextual", id(join)] = contextual(join)
        return found  # type: ignore[return-value]

    # -- without any further fetch

    def free(self, place: Place, field: QueryField, *, required: bool = False) -> int:
        """The bits that a fetch in `place.graph` gives by itself; `required`: its `@requires` is satisfied."""
        via = self.via(place.type_name, field, place.graph, place.provided)
        if via is None:
            return 0
        if not required and self.required(via.join, place.type_name, field, place.provided):
            return 0
        return self.free_via(via, field)

    def free_via(self, via: Via, field: QueryField) -> int:
        """What the field, once it is resolved, gives by itself."""
        if field.children is None:
            return field.mask
        return field.bit | self._free_below(field.children, via)

    def _free_below(self, selection: QuerySelection, via: Via) -> int:
        key = ("free", id(selection), via.join.graph, via.join.type_name, id(via.provided))
        if key in self._memo:
            return self._memo[key]  # type: ignore[return-value]
        return self._remember(key, lambda: self._of_all(selection, via, self._free_group), 0)

    def _free_group(self, place: Place, fields: Sequence[QueryField]) -> int:
        mask = 0
        for field in fields:
            mask |= self.free(place, field)
        return mask

    def gives_all(self, place: Place, fields: Iterable[QueryField], mask: int) -> bool:
        """Whether a fetch in `place.graph` gives all of the wanted bits by itself."""
        if not place.graph:
            return False
        for field in fields:
            wanted = field.mask & mask
            if wanted and wanted & ~self.free(place, field):
                return False
        return True

    def present(self, group: QueryGroup, graph: str, declared: str) -> tuple[str, ...]:
        """The group's types that `graph` may return where it declares `declared`."""
        possible = self.supergraph.possible_types(graph, declared)
        return tuple(name for name in group.types if name in possible)

    def _of_all(
        self, selection: QuerySelection, via: Via, of_group: Callable[[Place, Sequence[QueryField]], int]
    ) -> int:
        """Bits that all groups give which have them; groups whose types cannot be there want nothing."""
        graph = via.join.graph
        mask = lost = 0
        for group in selection.groups:
            mask |= group.skipped
            types = self.present(group, graph, via.join.type_name)
            given = of_group(Place(types[0], graph, via.provided), group.wanted) if types else group.mask
            mask |= given
            lost |= group.wanted_mask & ~given
        return mask & ~lost

    # -- over any number of fetches

    def through(self, place: Place, field: QueryField, *, required: bool = False) -> int:
        """The bits obtainable when `place.graph` resolves the field and anything may be fetched below it."""
        via = self.via(place.type_name, field, place.graph, place.provided)
        if via is None:
            return 0
        if not required and self.required(via.join, place.type_name, field, place.provided):
            return 0
        return self.through_via(via, field)

    def through_via(self, via: Via, field: QueryField) -> int:
        """The bits obtainable of the field, once it is resolved."""
        if field.children is None:
            return field.mask
        return field.bit | self._below(field.children, via)

    def _below(self, selection: QuerySelection, via: Via) -> int:
        key = ("below", id(selection), via.join.graph, via.join.type_name, id(via.provided))
        if key in self._memo:
            return self._memo[key]  # type: ignore[return-value]
        return self._remember(key, lambda: self._of_all(selection, via, self.group), 0)

    def group(self, place: Place, fields: Sequence[QueryField]) -> int:
        """The bits of the fields obtainable at an object, from its own subgraph or any that can be entered."""
        mask = 0
        for field in fields:
            mask |= self.through(place, field)
            for graph in self.supergraph.types[place.type_name].joins:
                if field.mask & ~mask:
                    mask |= self._from_elsewhere(place, field, graph)
        return mask

    def _from_elsewhere(self, place: Place, field: QueryField, graph: str) -> int:
        requires = self.requirement(place.type_name, field, graph)
        if graph == place.graph and requires is None:
            return 0
        there = Place(place.type_name, graph)
        gain = self.through(there, field, required=True)
        return gain if gain and self._is_enterable(place, graph, requires) else 0

    def sources(self, places: Iterable[Place], field: QueryField) -> dict[str, Place]:
        """The subgraphs that can give the field of an object that is at all of the places, each with its own place."""
        found: dict[str, Place] = {}
        for place in places:
            if self.through(place, field):
                found[place.graph] = place
            info = self.supergraph.types[place.type_name].fields.get(field.name)
            for graph in info.joins if info else ():
                there = Place(place.type_name, graph)
                if graph in found or not self.through(there, field, required=True):
                    continue
                requires = self.requirement(place.type_name, field, graph)
                if self._is_enterable(place, graph, requires):
                    found[graph] = there
        return found

    def _is_enterable(self, place: Place, graph: str, requires: FieldSet | None) -> bool:
        entry = self.entries(place).get(graph)
        return entry is not None and (requires is None or self.can_send(place, entry, requires))

    def can_send(self, place: Place, entry: Entry, requires: FieldSet) -> bool:
        """Whether what is required can be had and sent along: that takes a representation, which no root type has."""
        return entry.key is not None and self._satisfiable(place, requires)

    def _satisfiable(self, place: Place, requires: FieldSet) -> bool:
        def compute() -> bool:
            template = self.template(place.type_name, requires)
            return template.mask & ~self.group(place, template.fields) == 0

        return self._remember(("satisfiable", place, id(requires)), compute, False)

    # -- entering other subgraphs

    def entries(self, place: Place) -> dict[str, Entry]:
        """Every subgraph that can be entered at the object, with the cheapest key. The own one can be re-entered."""
        return self._remember(("entries", place), lambda: self._find_entries(place), {})

    def _find_entries(self, place: Place) -> dict[str, Entry]:
        joins = self.supergraph.types[place.type_name].joins
        if place.type_name in self.supergraph.root_names:
            return {graph: Entry(graph, None, 1) for graph in joins if graph not in place.avoid}
        costs: dict[str, _Fetches] = {place.graph: _NO_FETCHES} if place.graph else {}
        found: dict[str, Entry] = {}
        keys = [
            (graph, key)
            for graph, join in joins.items()
            if graph not in place.avoid
            for key in join.keys
            if key.resolvable
        ]
        telling = [self._telling(place.type_name, key) for _, key in keys]
        best: dict[int, tuple[Entry, _Fetches]] = {}
        changed: Iterable[int] = range(len(keys))
        while True:
            for number in changed:
                graph, key = keys[number]
                fetches = None if graph in found else self._key_fetches(place, key, costs)
                if fetches is not None:
                    fetches |= {(graph, "")}
                    best[number] = Entry(graph, key, len(fetches)), fetches
            if not best:
                return found
            entry, fetches = min(sorted(best.items()), key=lambda item: item[1][0].cost)[1]
            best = {number: other for number, other in best.items() if other[0].graph != entry.graph}
            found[entry.graph] = entry
            changed = ()
            if entry.graph not in costs:
                costs[entry.graph] = fetches
                changed = [number for number, graphs in enumerate(telling) if entry.graph in graphs]

    def _telling(self, type_name: str, key: Key) -> frozenset[str]:
        """The subgraphs that know some field of the key."""

        def find() -> frozenset[str]:
            fields = self.supergraph.types[type_name].fields
            needed = (fields.get(field.name) for field in self.template(type_name, key.fields).fields)
            return frozenset(graph for info in needed if info is not None for graph in info.joins)

        return self._remember(("telling", type_name, id(key)), find, frozenset())

    def _key_fetches(self, place: Place, key: Key, costs: Mapping[str, _Fetches]) -> _Fetches | None:
        """What is fetched for the key's fields, given what entering each known subgraph takes: each fetch once."""
        needed = _NO_FETCHES
        for field in self.template(place.type_name, key.fields).fields:
            added = self._cheapest_source(place, field, costs, needed)
            if added is None:
                return None
            needed |= added
        return needed

    def _cheapest_source(
        self, place: Place, field: QueryField, costs: Mapping[str, _Fetches], needed: _Fetches
    ) -> _Fetches | None:
        """The fetches for the field by the way that adds the fewest to those that are needed anyway."""
        best: _Fetches | None = None
        info = self.supergraph.types[place.type_name].fields.get(field.name)
        for graph, entering in costs.items():
            if info is None or graph not in info.joins:
                continue
            fetches = entering
            there = place if graph == place.graph else Place(place.type_name, graph)
            if self.free(there, field) != field.mask:
                if not field.children or self.through(there, field) != field.mask:
                    continue
                fetches |= {(graph, field.name)}
            if best is None or len(fetches - needed) < len(best - needed):
                best = fetches
        return best

    # -- helpers

    def template(self, type_name: str, fields: FieldSet) -> QueryGroup:
        """The field set as a query tree for reckoning; plans build their own, with names of the position."""
        return self._remember(
            ("template", type_name, id(fields)),
            lambda: self._builder.field_set(type_name, fields, Names()),
            QueryGroup((type_name,), (), 0),
        )

    def _remember(self, key: Hashable, compute: Callable[[], T], while_circular: T) -> T:
        if key in self._memo:
            return self._memo[key]  # type: ignore[return-value]
        if key in self._asked:
            self._circular = True
            return while_circular
        outermost = not self._asked
        self._asked.add(key)
        try:
            result = compute()
        finally:
            self._asked.discard(key)
        if outermost or not self._circular:
            self._memo[key] = result
        if outermost:
            self._circular = False
        return result


def _is_context_set(join: FieldJoin, field: QueryField) -> bool:
    """Whether all that the subgraph's arguments are filled from is there."""
    known = field.contexts
    return known is None or all(given.context in known for given in join.context_arguments)
