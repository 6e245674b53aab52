"""The supergraph in memory: which subgraph resolves which field, under what condition. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from types import MappingProxyType

from graphql import GraphQLSchema, TypeNode

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
    """How one subgraph takes part in a type."""

    graph: str
    keys: tuple[Key, ...] = ()
    is_interface_object: bool = False


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


@dataclass(frozen=True, slots=True, eq=False)
class FieldInfo:
    name: str
    type: TypeNode
    type_name: str
    joins: Mapping[str, FieldJoin]


@dataclass(frozen=True, slots=True, eq=False)
class TypeInfo:
    """`implements` and `members` are by subgraph; `fields` is empty for leaf types and unions."""

    name: str
    kind: Kind
    joins: Mapping[str, TypeJoin]
    fields: Mapping[str, FieldInfo] = field(default_factory=lambda: MappingProxyType({}))
    implements: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))
    members: Mapping[str, frozenset[str]] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def is_composite(self) -> bool:
        return self.kind in {Kind.OBJECT, Kind.INTERFACE, Kind.UNION}

    @property
    def is_abstract(self) -> bool:
        return self.kind in {Kind.INTERFACE, Kind.UNION}


@dataclass(frozen=True, eq=False)
class Supergraph:
    """`roots` maps `query`, `mutation`, `subscription` to type names; `api_schema` is what clients see."""

    subgraphs: Mapping[str, Subgraph]
    types: Mapping[str, TypeInfo]
    roots: Mapping[str, str]
    api_schema: GraphQLSchema

    @cached_property
    def root_names(self) -> frozenset[str]:
        return frozenset(self.roots.values())

    @property
    def interface_objects(self) -> list[str]:
        """The interfaces that some subgraph has as an object."""
        return [
            name for name, info in self.types.items() if any(join.is_interface_object for join in info.joins.values())
        ]

    @cached_property
    def _possible(self) -> dict[tuple[str, str], frozenset[str]]:
        return {}

    def possible_types(self, graph: str, type_name: str) -> frozenset[str]:
        """The object types that `graph` may return where it declares `type_name`."""
        found = self._possible.get((graph, type_name))
        if found is None:
            found = self._possible[graph, type_name] = self._find_possible(graph, type_name)
        return found

    def all_possible_types(self, type_name: str) -> frozenset[str]:
        """The object types that any subgraph may return where the supergraph declares `type_name`."""
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
        if info.kind is Kind.INTERFACE:
            return frozenset(
                other.name
                for other in self.types.values()
                if other.kind is Kind.OBJECT and type_name in other.implements.get(graph, ())
            )
        return frozenset({type_name})

    def is_composite(self, type_name: str) -> bool:
        """False for leaves; built-in scalars are not among `types`."""
        info = self.types.get(type_name)
        return info is not None and info.is_composite

    def field(self, type_name: str, field_name: str) -> FieldInfo:
        return self.types[type_name].fields[field_name]
