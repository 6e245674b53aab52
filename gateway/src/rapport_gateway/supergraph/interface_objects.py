"""What an `@interfaceObject` adds to the types behind the interface, and how their own names are found again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from graphql import NamedTypeNode, NameNode

from rapport_gateway.supergraph.model import FieldInfo, FieldJoin, Kind, TypeInfo, TypeJoin

TYPE_RESOLUTION = "__typename"
"""A field of planning only, on interfaces that some subgraph cannot see behind: who resolves it tells the type."""


def with_interface_objects(
    types: Mapping[str, TypeInfo], roots: Sequence[str], *, in_all_views: bool
) -> dict[str, TypeInfo]:
    """Implementations also take part in the subgraphs that have their interface as an object.

    Where one subgraph has several interfaces of a type, it takes part in all views (see `TypeJoin`), or only in the one
    by which Apollo's composition enters it, whatever else it could give.
    """
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
                if in_all_views or interface.name == _first_met(types, roots, join.graph, types[name]):
                    result[name] = _extended(result[name], interface, join)
        if objects and implementations:
            result[interface.name] = _resolvable(interface, types, implementations)
    return result


def _first_met(types: Mapping[str, TypeInfo], roots: Sequence[str], graph: str, info: TypeInfo) -> str | None:
    """The interface of the type that Apollo's walk through the subgraph comes upon first, as an interface object."""
    interfaces = frozenset().union(*info.implements.values())
    objects = {name for name in interfaces if types[name].is_interface_object(graph)}
    if len(objects) < 2:
        return next(iter(objects), None)
    return next((name for name in _walked(types, roots, graph) if name in objects), None)


def _walked(types: Mapping[str, TypeInfo], roots: Sequence[str], graph: str) -> Iterator[str]:
    """The types of a subgraph that have fields, depth first: the last field first, entities before the query's own."""
    entities = [name for name, info in types.items() if graph in info.joins and info.joins[graph].keys]
    waiting = [name for name in roots if name in types]
    seen = set(waiting)
    while waiting:
        name = waiting.pop()
        yield name
        fields = types[name].fields.values()
        leads_to = [field.joins[graph].type_name for field in fields if graph in field.joins]
        leads_to += [other.name for other in types.values() if name in other.implements.get(graph, ())]
        leads_to += sorted(types[name].members.get(graph, ()))
        for following in (*leads_to, *(entities if name == roots[0] else ())):
            if following in types and following not in seen:
                seen.add(following)
                waiting.append(following)


def _extended(info: TypeInfo, interface: TypeInfo, join: TypeJoin) -> TypeInfo:
    """The object type with the fields that the interface object has in its subgraph."""
    present = info.joins.get(join.graph)
    if present is not None and present.known_as is None:
        return info
    view = join.graph if present is None else f"{join.graph} as {interface.name}"
    fields = dict(info.fields)
    for field in interface.fields.values():
        added = field.joins.get(join.graph)
        own = fields.get(field.name)
        if added is not None and own is not None:
            fields[field.name] = replace(own, joins=MappingProxyType({**own.joins, view: added}))
    joins = {**info.joins, view: TypeJoin(join.graph, join.keys, known_as=interface.name)}
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
