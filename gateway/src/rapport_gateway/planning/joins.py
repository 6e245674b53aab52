"""How subgraphs resolve fields where nothing is provided from above: the same for every operation, so it is kept with
the supergraph.
"""

from __future__ import annotations

from typing import NamedTuple
from weakref import WeakKeyDictionary

from rapport_gateway.planning.provided import NOTHING, Provided, provided_by
from rapport_gateway.supergraph.model import FieldJoin, Supergraph


class Via(NamedTuple):
    """A field as one subgraph resolves it: its type there and what is provided below."""

    join: FieldJoin
    provided: Provided


class Joins:
    """For one supergraph. `plain` is by type, field and subgraph; it lacks what depends on contexts."""

    def __init__(self, supergraph: Supergraph) -> None:
        self._types = supergraph.types
        self._provided: dict[FieldJoin, Provided] = {}
        self.plain: dict[tuple[str, str, str], Via | None] = {}

    def find(self, type_name: str, field_name: str, graph: str) -> FieldJoin | None:
        info = self._types[type_name].fields.get(field_name)
        return info.joins.get(graph) if info else None

    def learn(self, key: tuple[str, str, str]) -> Via | None:
        """What `plain` says from now on."""
        join = self.find(*key)
        usable = join is not None and not (join.external or join.used_overridden)
        self.plain[key] = found = Via(join, self.provided_below(join)) if join is not None and usable else None
        return found

    def provided_below(self, join: FieldJoin) -> Provided:
        """By the field itself; the same object each time."""
        if join.provides is None:
            return NOTHING
        return self._provided.get(join) or self._provided.setdefault(join, provided_by(join.provides.selections))


_JOINS: WeakKeyDictionary[Supergraph, Joins] = WeakKeyDictionary()


def joins_of(supergraph: Supergraph) -> Joins:
    found = _JOINS.get(supergraph)
    if found is None:
        found = _JOINS[supergraph] = Joins(supergraph)
    return found
