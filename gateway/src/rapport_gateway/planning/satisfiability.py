"""Whether every field can be fetched on every way to it; if not, one way that shows it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rapport_gateway.planning.operation import Names, QueryField
from rapport_gateway.planning.provided import NOTHING
from rapport_gateway.planning.reach import Place, Reach
from rapport_gateway.planning.selections import SelectionBuilder
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.field_sets import parse_field_set
from rapport_gateway.supergraph.interface_objects import TYPE_RESOLUTION
from rapport_gateway.supergraph.model import FieldInfo, Kind, Supergraph

_NO_LIMIT = 10_000_000


@dataclass(frozen=True, slots=True)
class _State:
    """An object of a type, as all the subgraphs have it that can give it on this way, and the contexts that are set
    by the objects above it."""

    type_name: str
    places: frozenset[Place]
    contexts: frozenset[str] = frozenset()


def unsatisfiable(supergraph: Supergraph) -> list[CompositionProblem]:
    """One problem for each field that cannot always be fetched."""
    return list(_Search(supergraph).problems())


class _Search:
    def __init__(self, supergraph: Supergraph) -> None:
        self._supergraph = supergraph
        self._builder = SelectionBuilder(supergraph, limit=_NO_LIMIT)
        self._reach = Reach(supergraph, self._builder)
        self._probes: dict[tuple[str, str], QueryField] = {}

    def problems(self) -> Iterator[CompositionProblem]:
        told: set[tuple[str, str]] = set()
        ways: dict[_State, str] = {}
        for kind, name in self._supergraph.roots.items():
            places = frozenset(Place(name, graph) for graph in self._supergraph.types[name].joins)
            ways[_State(name, places)] = kind
        waiting = deque(ways)
        while waiting:
            state = waiting.popleft()
            for field in self._public_fields(state.type_name):
                found = self._sources(state, field)
                coordinate = (state.type_name, field.name)
                if not found and coordinate not in told:
                    told.add(coordinate)
                    yield self._problem(state, field, ways[state])
                problem = None if coordinate in told else self._mismatched(state, field, found, ways[state])
                if problem is not None:
                    told.add(coordinate)
                    yield problem
                    continue
                for following in self._following(state, field, found):
                    if following not in ways:
                        ways[following] = f"{ways[state]} → {field.name}"
                        waiting.append(following)

    def _public_fields(self, type_name: str) -> Iterator[FieldInfo]:
        """What clients may ask for, and what the planner asks for itself."""
        public = getattr(self._supergraph.api_schema.type_map.get(type_name), "fields", {})
        for field in self._supergraph.types[type_name].fields.values():
            if field.name in public or field.name == TYPE_RESOLUTION:
                yield field

    def _sources(self, state: _State, field: FieldInfo) -> dict[str, Place]:
        """Where the field can be fetched, with all that its arguments are filled from."""
        found = self._reach.sources(state.places, self._probe(state.type_name, field))
        return {
            graph: place
            for graph, place in found.items()
            if (join := field.joins.get(graph)) is None
            or all(argument.context in state.contexts for argument in join.context_arguments)
        }

    def _following(self, state: _State, field: FieldInfo, found: Mapping[str, Place]) -> Iterator[_State]:
        if not self._supergraph.is_composite(field.type_name):
            return
        shared = self._runtime_types(field, found)
        common = frozenset.intersection(*shared.values()) if shared else frozenset(self._supergraph.types)
        by_type: dict[str, set[Place]] = {}
        for graph, place in found.items():
            via = self._reach.via(place.type_name, self._probe(place.type_name, field), graph, place.provided)
            if via is not None:
                for concrete in self._returned(via.join.graph, via.join.type_name) & common:
                    provided = via.provided if via.provided.fields else NOTHING
                    by_type.setdefault(concrete, set()).add(Place(concrete, via.join.graph, provided))
        contexts = state.contexts | self._supergraph.contexts.get(state.type_name, frozenset())
        for concrete, places in sorted(by_type.items()):
            yield _State(concrete, frozenset(places), contexts)

    def _returned(self, graph: str, declared: str) -> frozenset[str]:
        """An interface that nothing implements in a subgraph is never returned by it."""
        types = self._supergraph.types
        names = self._supergraph.possible_types(graph, declared)
        return frozenset(
            name for name in names if types[name].kind is Kind.OBJECT or types[name].is_interface_object(graph)
        )

    def _runtime_types(self, field: FieldInfo, found: Mapping[str, Place]) -> dict[str, frozenset[str]]:
        """By subgraph, where several share a field of abstract type: it is of a type that all of them know."""
        shared = {
            graph: self._supergraph.possible_types(join.graph, join.type_name)
            for graph in found
            if (join := field.joins.get(graph)) is not None
            and not join.external
            and self._supergraph.is_composite(join.type_name)
            and (declared := self._supergraph.types[join.type_name]).is_abstract
            and not declared.is_interface_object(join.graph)
        }
        return shared if len(shared) > 1 else {}

    def _probe(self, type_name: str, field: FieldInfo) -> QueryField:
        key = (type_name, field.name)
        if key not in self._probes:
            self._probes[key] = self._new_probe(type_name, field)
        return self._probes[key]

    def _new_probe(self, type_name: str, field: FieldInfo) -> QueryField:
        below = " { __typename }" if self._supergraph.is_composite(field.type_name) else ""
        if field.name == TYPE_RESOLUTION:
            position = self._builder.build(type_name, [parse_field_set(TYPE_RESOLUTION).selections], Names())
            found = next(group.resolution for group in position.groups if group.types == (type_name,))
            assert found is not None  # noqa: S101  (the type is asked for)
            return found
        return self._builder.field_set(type_name, parse_field_set(field.name + below), Names()).fields[0]

    def _mismatched(
        self, state: _State, field: FieldInfo, found: Mapping[str, Place], way: str
    ) -> CompositionProblem | None:
        """A shared field that returns objects of no type that all of its subgraphs know cannot be the same in all."""
        known = self._runtime_types(field, found)
        if not known or frozenset.intersection(*known.values()):
            return None
        names = self._supergraph.subgraphs
        each = "; ".join(
            f'{", ".join(sorted(types)) or "none"} in "{names[field.joins[view].graph].name}"'
            for view, types in known.items()
        )
        return CompositionProblem(
            "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
            f"{state.type_name}.{field.name}, on the way {way}, is shared by subgraphs that have no type of object in "
            f"common for it: {each}",
        )

    def _problem(self, state: _State, field: FieldInfo, way: str) -> CompositionProblem:
        names = self._supergraph.subgraphs
        here = ", ".join(sorted(f'"{names[place.graph].name}"' for place in state.places))
        owners = ", ".join(
            sorted({f'"{names[join.graph].name}"' for join in field.joins.values() if not join.external})
        )
        kind = self._supergraph.types[state.type_name].kind
        noun = "type" if kind is Kind.OBJECT else kind.value
        return CompositionProblem(
            "SATISFIABILITY_ERROR",
            f"{state.type_name}.{field.name} cannot be fetched on the way {way}: the {noun} comes from {here} there, "
            f"the field is resolved by {owners}, and no @key leads from the one to the other",
        )
