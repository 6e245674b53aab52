"""Between normalising and walking: which types cannot occur at a position, although the supergraph allows them.

Subgraphs that resolve the same field give the same objects. So when one of those that can resolve a field does not
know a type there, no object is of that type, and what is selected on such types only is not fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rapport_gateway.planning.operation import QueryGroup, QuerySelection, all_bits
from rapport_gateway.planning.provided import Provided
from rapport_gateway.planning.reach import Place, Reach
from rapport_gateway.supergraph.model import Kind, Supergraph


class _Origin(NamedTuple):
    """A subgraph that can resolve the field above a position, and the type it declares there."""

    graph: str
    declared: str
    provided: Provided


_Origins = tuple[_Origin, ...]


def skip_impossible_types(root: QuerySelection, reach: Reach) -> None:
    """Mark the fields of the query tree that need no fetch. `reach` must not be used for planning after that."""
    if reach.supergraph.varying:
        _Marker(reach).mark(root)


class _Marker:
    def __init__(self, reach: Reach) -> None:
        self._reach = reach
        self._supergraph: Supergraph = reach.supergraph
        self._concerned: dict[int, bool] = {}

    def mark(self, root: QuerySelection) -> None:
        joins = self._supergraph.types[root.type_name].joins
        level = {id(root): (root, [tuple(_Origin(graph, root.type_name, Provided()) for graph in joins)])}
        while level:
            below: dict[int, tuple[QuerySelection, list[_Origins]]] = {}
            for selection, ways in level.values():
                self._mark_position(selection, ways)
                for child, origins in self._children(selection, ways):
                    below.setdefault(id(child), (child, []))[1].append(origins)
            level = below

    def _mark_position(self, selection: QuerySelection, ways: Iterable[_Origins]) -> None:
        """A type occurs when it does on one of the ways to the position; a way rules it out by one of its origins."""
        if not self._supergraph.types[selection.type_name].is_abstract:
            return
        occurring = frozenset(
            name
            for group in selection.groups
            for name in group.types
            if any(all(self._knows(origin, name) for origin in origins) for origins in ways)
        )
        for group in selection.groups:
            group.skipped = all_bits(field.mask for field in group.fields if not field.selected_on & occurring)
            if group.resolution is not None and group.resolution.children is not None:
                for narrowed in group.resolution.children.groups:
                    gone = (field.mask for field in narrowed.fields if not field.selected_on & occurring)
                    narrowed.skipped = all_bits(gone)

    def _knows(self, origin: _Origin, name: str) -> bool:
        possible = self._supergraph.possible_types(origin.graph, origin.declared)
        if name in possible or self._supergraph.types[name].kind is not Kind.OBJECT:
            return True
        return any(
            self._supergraph.types[other].kind is Kind.INTERFACE and name in self._supergraph.implementations(other)
            for other in possible
        )

    def _children(
        self, selection: QuerySelection, ways: Iterable[_Origins]
    ) -> Iterable[tuple[QuerySelection, _Origins]]:
        for group in selection.groups:
            wanted = [f for f in group.wanted if f.children is not None and not f.is_resolution]
            if not any(self._is_concerned(field.children) for field in wanted if field.children):
                continue
            for origins in ways:
                places = self._places(group, origins)
                for field in wanted if places else ():
                    if field.children is not None and self._is_concerned(field.children):
                        found = self._reach.sources(places, field)
                        vias = [
                            self._reach.via(place.type_name, field, graph, place.provided)
                            for graph, place in found.items()
                        ]
                        yield (
                            field.children,
                            tuple(_Origin(via.join.graph, via.join.type_name, via.provided) for via in vias if via),
                        )

    def _places(self, group: QueryGroup, origins: _Origins) -> list[Place]:
        name = group.types[0]
        return [
            Place(name, origin.graph, origin.provided)
            for origin in origins
            if self._knows(origin, name) and origin.graph in self._supergraph.types[name].joins
        ]

    def _is_concerned(self, selection: QuerySelection) -> bool:
        """Whether types may be ruled out here or below."""
        found = self._concerned.get(id(selection))
        if found is None:
            found = selection.type_name in self._supergraph.varying or any(
                field.children is not None and self._is_concerned(field.children)
                for group in selection.groups
                for field in group.fields
            )
            self._concerned[id(selection)] = found
        return found
