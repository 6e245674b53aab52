"""What an `@interfaceObject` adds to the types behind the interface, and how their own names are found again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from graphql import NamedTypeNode, NameNode

from rapport_gateway.supergraph.model import FieldInfo, FieldJoin, Kind, TypeInfo, TypeJoin

TYPE_RESOLUTION = "__typename"
"""A field of planning only, on interfaces that some subgraph cannot see behind: who resolves it tells the type."""


def with_interface_objects(types: Mapping[str, TypeInfo]) -> dict[str, TypeInfo]:
    """Implementations also take part in the subgraphs that have their interface as an object."""
    result = dict(types)
    for interface in types.values():
        if interface.kind is not Kind.INTERFACE:
            continue
        implementations = [
            other.name
            for other in types.values()
            if other.kind is Kind.OBJECT and any(interface.name in names for names in other.implements.values())
        ]
        objects = [join for join in interface.joins.values() if join.is_interface_object]
        for name in implementations if objects else ():
            for join in objects:
                result[name] = _extended(result[name], interface, join)
        if objects and implementations:
            result[interface.name] = _resolvable(interface, types, implementations)
    return result


def _extended(info: TypeInfo, interface: TypeInfo, join: TypeJoin) -> TypeInfo:
    """The object type with the fields that the interface object has in its subgraph."""
    if join.graph in info.joins:
        return info
    fields = dict(info.fields)
    for field in interface.fields.values():
        added = field.joins.get(join.graph)
        own = fields.get(field.name)
        if added is not None and own is not None:
            fields[field.name] = replace(own, joins=MappingProxyType({**own.joins, join.graph: added}))
    joins = {**info.joins, join.graph: TypeJoin(join.graph, join.keys, known_as=interface.name)}
    return replace(info, joins=MappingProxyType(joins), fields=MappingProxyType(fields))


def _resolvable(interface: TypeInfo, types: Mapping[str, TypeInfo], implementations: list[str]) -> TypeInfo:
    able = {
        graph: FieldJoin(graph, interface.name, interface.name)
        for graph, join in interface.joins.items()
        if not join.is_interface_object
        and any(interface.name in types[name].implements.get(graph, ()) for name in implementations)
    }
    named = NamedTypeNode(name=NameNode(value=interface.name))
    field = FieldInfo(TYPE_RESOLUTION, named, interface.name, MappingProxyType(able))
    return replace(interface, fields=MappingProxyType({**interface.fields, TYPE_RESOLUTION: field}))
