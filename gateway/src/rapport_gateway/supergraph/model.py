"""The supergraph in memory: which subgraph resolves which field, under what condition. Immutable.

`Supergraph.access` tells by (type, field) and (type, None) what clients must hold, see `Access` in `access`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType

from graphql import GraphQLSchema, TypeNode, print_ast

from rapport_gateway.limits.rules import NO_RULES, CostRules
from rapport_gateway.supergraph.access import NO_ACCESS_RULES, AccessMap
from rapport_gateway.supergraph.cache_hints import NO_CACHE_HINTS, CacheHints
from rapport_gateway.supergraph.field_sets import FieldSet


class Kind(Enum):
    SCALAR = "scalar"
    OBJECT = "type"
    INTERFACE = "interface"
    UNION = "union"
    ENUM = "enum"
    INPUT = "input"


@dataclass(frozen=True, slots=True)
class Subgraph:
    """`id` is the value in the `join__Graph` enum, `name` what people call it."""

    id: str
    name: str
    url: str


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    fields: FieldSet
    resolvable: bool


@dataclass(frozen=True, slots=True, eq=False)
class TypeJoin:
    """How one subgraph takes part in a type.

    `known_as`: the subgraph knows the type only as this interface, which it has as an object (`@interfaceObject`).
    A subgraph that has several such interfaces takes part once for each, as several views: the joins of a type, and of
    its fields, are by view. The first is named like the subgraph, as `graph` of all of them is.
    """

    graph: str
    keys: tuple[Key, ...] = ()
    is_interface_object: bool = False
    known_as: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ContextArgument:
    """An argument that a subgraph is given from an object further up, which sets the context (`@fromContext`).

    `type_text` is the argument's type, `selection` what its value is on that object.
    """

    name: str
    type_text: str
    context: str
    selection: FieldSet


@dataclass(frozen=True, slots=True, eq=False)
class FieldJoin:
    """How one subgraph takes part in a field. `type_text` is the field's type as that subgraph declares it."""

    graph: str
    type_text: str
    type_name: str
    requires: FieldSet | None = None
    provides: FieldSet | None = None
    external: bool = False
    used_overridden: bool = False
    context_arguments: tuple[ContextArgument, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FieldInfo:
    """`shape` is the field's type as each subgraph declares it."""

    name: str
    type: TypeNode
    type_name: str
    joins: Mapping[str, FieldJoin]
    shape: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", {graph: join.type_text for graph, join in self.joins.items()})


@dataclass(frozen=True, slots=True, eq=False)
class TypeInfo:
    """`implements` and `members` are by subgraph; `fields` is empty for leaf types and unions.

    `contexts` are what objects of the type set for the fields below them (`@context`).
    """

    name: str
    kind: Kind
    joins: Mapping[str, TypeJoin]
    fields: Mapping[str, FieldInfo] = field(default_factory=lambda: MappingProxyType({}))
    implements: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    members: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    contexts: frozenset[str] = frozenset()

    @property
    def is_composite(self) -> bool:
        return self.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}

    @property
    def is_abstract(self) -> bool:
        return self.kind in {Kind.INTERFACE, Kind.UNION}

    def is_interface_object(self, graph: str) -> bool:
        join = self.joins.get(graph)
        return join is not None and join.is_interface_object


@dataclass(frozen=True, eq=False)
class Supergraph:
    """`roots` maps `query`, `mutation`, `subscription` to type names; `api_schema` is what clients see.

    `moving` are the forms for the share of requests that progressive overrides take: (percent below, supergraph).
    `access`: what `@authenticated`, `@requiresScopes` and `@policy` ask of clients, by place, public or not.
    """

    subgraphs: Mapping[str, Subgraph]
    types: Mapping[str, TypeInfo]
    roots: Mapping[str, str]
    api_schema: GraphQLSchema
    moving: tuple[tuple[float, Supergraph], ...] = ()
    access: AccessMap = field(default_factory=lambda: NO_ACCESS_RULES)
    cache_hints: CacheHints = field(default_factory=lambda: NO_CACHE_HINTS)
    costs: CostRules = NO_RULES

    def at(self, draw: float) -> tuple[int, Supergraph]:
        """The form for a request that drew a number from 0 to below 100, and its number among all forms."""
        for number, (bound, form) in enumerate(self.moving, start=1):
            if draw < bound:
                return number, form
        return 0, self

    @cached_property
    def root_names(self) -> frozenset[str]:
        return frozenset(self.roots.values())

    @cached_property
    def contexts(self) -> Mapping[str, frozenset[str]]:
        """What objects of each type set for the fields below them, by themselves, their interfaces or their unions."""
        found: dict[str, frozenset[str]] = {}
        for info in self.types.values():
            for name in self.all_possible_types(info.name) if info.contexts else ():
                if name in self.root_names and name != self.roots.get("query"):
                    continue  # to read of it would be to run the operation again
                found[name] = found.get(name, frozenset()) | info.contexts
        return found

    @cached_property
    def _possible(self) -> dict[tuple[str, str], frozenset[str]]:
        return {}

    def possible_types(self, graph: str, type_name: str) -> frozenset[str]:
        """The types of the objects that `graph` may return where it declares `type_name`.

        An interface among them stands for objects whose own type that subgraph cannot tell.
        """
        found = self._possible.get((graph, type_name))
        if found is None:
            found = self._possible[graph, type_name] = self._find_possible(graph, type_name)
        return found

    def all_possible_types(self, type_name: str) -> frozenset[str]:
        """What any subgraph may return where the supergraph declares `type_name`, see `possible_types`."""
        found = self._possible.get(("", type_name))
        if found is None:
            info = self.types[type_name]
            found = frozenset({type_name}) if info.kind is Kind.OBJECT else frozenset()
            for graph in self.subgraphs:
                found |= self.possible_types(graph, type_name)
            self._possible["", type_name] = found
        return found

    def public_types(self, type_name: str) -> frozenset[str]:
        """Those of `all_possible_types` that clients may see."""
        return frozenset(name for name in self.all_possible_types(type_name) if name in self.api_schema.type_map)

    def _find_possible(self, graph: str, type_name: str) -> frozenset[str]:
        info = self.types[type_name]
        if info.kind is Kind.UNION:
            return info.members.get(graph, frozenset())
        if info.kind is not Kind.INTERFACE or info.is_interface_object(graph):
            return frozenset({type_name})
        found = frozenset(
            other.name
            for other in self.types.values()
            if type_name in other.implements.get(graph, ())
            and (other.kind is Kind.OBJECT or other.is_interface_object(graph))
        )
        join = info.joins.get(graph)
        if not found and join is not None and join.keys:
            return frozenset({type_name})
        return found

    @cached_property
    def _implementations(self) -> dict[str, frozenset[str]]:
        return {}

    def implementations(self, interface: str) -> frozenset[str]:
        """The object types that implement the interface in some subgraph."""
        found = self._implementations.get(interface)
        if found is None:
            found = self._implementations[interface] = frozenset(
                other.name
                for other in self.types.values()
                if other.kind is Kind.OBJECT and any(interface in names for names in other.implements.values())
            )
        return found

    @cached_property
    def varying(self) -> frozenset[str]:
        """The abstract types of which subgraphs know different object types."""
        return frozenset(
            name
            for name, info in self.types.items()
            if info.is_abstract
            and len({self.possible_types(g, name) for g in info.joins if not info.is_interface_object(g)}) > 1
        )

    def named(self, type_names: Iterable[str]) -> tuple[str, ...]:
        """Every `__typename` that objects of the types may carry: an interface's may have become known since."""
        names = dict.fromkeys(type_names)
        for name in tuple(names):
            if self.types[name].kind is Kind.INTERFACE:
                names.update(dict.fromkeys(sorted(self.implementations(name))))
        return tuple(names)

    def known_as(self, graph: str, type_name: str) -> str:
        """What the subgraph calls the type: an interface object's name, where it knows nothing more exact."""
        join = self.types[type_name].joins.get(graph)
        return (join.known_as if join else None) or type_name

    def graph_of(self, type_name: str, view: str) -> str:
        """The subgraph that a view of the type belongs to, see `TypeJoin`."""
        return self.types[type_name].joins[view].graph

    def is_composite(self, type_name: str) -> bool:
        """False for leaves; built-in scalars are not among `types`."""
        info = self.types.get(type_name)
        return info is not None and info.is_composite

    def field(self, type_name: str, field_name: str) -> FieldInfo:
        return self.types[type_name].fields[field_name]

    @cached_property
    def _resolutions(self) -> dict[tuple[str, str], object]:
        return {}

    @cached_property
    def _tokens(self) -> dict[object, object]:
        return {}

    def resolution(self, type_name: str, field_name: str) -> object:
        """Equal for types whose field every subgraph resolves in the same way."""
        found = self._resolutions.get((type_name, field_name))
        if found is None:
            info = self.types[type_name].fields.get(field_name)
            # A token is hashed sooner than everything that it stands for.
            found = field_name if info is None else self._tokens.setdefault(_resolution(info), object())
            self._resolutions[type_name, field_name] = found
        return found


def _resolution(info: FieldInfo) -> object:
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
                tuple((given.name, given.context, given.selection.text) for given in join.context_arguments),
            )
            for join in info.joins.values()
        ),
    )
