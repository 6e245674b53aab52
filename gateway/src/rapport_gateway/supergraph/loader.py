"""Supergraph SDL (join specification v0.1 to v0.5) to the in-memory model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from graphql import (
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    FieldNode,
    GraphQLError,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
)

from rapport_gateway.supergraph.access import ACCESS, read_access
from rapport_gateway.supergraph.api_schema import build_api_schema
from rapport_gateway.supergraph.cache_hints import read_cache_hints
from rapport_gateway.supergraph.costs import read_costs
from rapport_gateway.supergraph.directives import directives, has_directive, inner_name, named_type, type_text
from rapport_gateway.supergraph.errors import InvalidSupergraph, reason
from rapport_gateway.supergraph.field_sets import FieldSet, parse_field_set
from rapport_gateway.supergraph.interface_objects import with_interface_objects
from rapport_gateway.supergraph.links import SpecLinks, read_links
from rapport_gateway.supergraph.model import (
    ContextArgument,
    FieldInfo,
    FieldJoin,
    Key,
    Kind,
    Subgraph,
    Supergraph,
    TypeInfo,
    TypeJoin,
)

_KINDS = {
    "scalar_type_definition": Kind.SCALAR,
    "object_type_definition": Kind.OBJECT,
    "interface_type_definition": Kind.INTERFACE,
    "union_type_definition": Kind.UNION,
    "enum_type_definition": Kind.ENUM,
    "input_object_type_definition": Kind.INPUT,
}
ALL_SETTLED = 100.0
"""Overrides that cover this percentage are in force for every request."""
_KNOWN_FEATURES = frozenset({"link", "core", "join", "inaccessible", "tag", "cacheTag", "context", *ACCESS})
"""`cacheTag` is for those who cache what subgraphs answer."""


def load_supergraph(sdl: str, *, to_serve: bool = True) -> Supergraph:
    """Raises InvalidSupergraph when the text is no supergraph SDL, or (`to_serve`) asks for what is not supported.

    Otherwise it is to be checked as Apollo's composition does, see `with_interface_objects`.
    """
    try:
        document = parse(sdl, no_location=True)
        links = read_links(document)
    except (GraphQLError, ValueError) as error:
        raise InvalidSupergraph(f"not a readable SDL: {reason(error)}") from error
    if to_serve:
        _refuse_unknown_features(links)
    subgraphs = _read_subgraphs(document)
    if not subgraphs:
        raise InvalidSupergraph("the SDL has no join__Graph enum: it is not a supergraph")
    try:
        settled, *moving = [
            (bound, _types(document, links, tuple(subgraphs), bound, to_serve=to_serve))
            for bound in (ALL_SETTLED, *_bounds(document))
        ]
    except (ValueError, KeyError) as error:
        raise InvalidSupergraph(f"a join directive is not valid: {error}") from error
    roots = MappingProxyType(_root_types(document, settled[1]))
    api_schema, access = build_api_schema(document, links), read_access(document, links)
    hints, costs = read_cache_hints(document), read_costs(document, links)

    def with_types(types: dict[str, TypeInfo]) -> Supergraph:
        return Supergraph(
            MappingProxyType(subgraphs),
            MappingProxyType(types),
            roots,
            api_schema,
            access=access,
            cache_hints=hints,
            costs=costs,
        )

    result = with_types(settled[1])
    return replace(result, moving=tuple((bound, with_types(types)) for bound, types in moving)) if moving else result


def _types(
    document: DocumentNode, links: SpecLinks, graphs: tuple[str, ...], bound: float, *, to_serve: bool
) -> dict[str, TypeInfo]:
    """The types with every override in force that covers `bound` percent of the requests or more."""
    reader = _Reader(graphs, bound, links.local_name("context"))
    types = {
        node.name.value: reader.type_info(node)
        for node in document.definitions
        if isinstance(node, TypeDefinitionNode) and not links.is_spec_type(node.name.value)
    }
    roots = tuple(_root_types(document, types).values())
    return with_interface_objects(types, roots, in_all_views=to_serve)


def _bounds(document: DocumentNode) -> list[float]:
    """The percentages, below 100, of the progressive overrides, from the smallest."""
    found = {
        percent
        for node in document.definitions
        for field in getattr(node, "fields", None) or ()
        for join in directives(field, "join__field")
        if join.get("overrideLabel") and 0 < (percent := _percent(str(join["overrideLabel"]))) < ALL_SETTLED
    }
    return sorted(found)


def _refuse_unknown_features(links: SpecLinks) -> None:
    """A feature marked as needed for execution or security must not be ignored."""
    for link in links.links:
        if link.purpose and (link.name not in _KNOWN_FEATURES or links.get(link.name) is not link):
            raise InvalidSupergraph(f"the supergraph needs the feature {link.url}, which is not supported")


def _read_subgraphs(document: DocumentNode) -> dict[str, Subgraph]:
    for node in document.definitions:
        if isinstance(node, EnumTypeDefinitionNode) and node.name.value == "join__Graph":
            return {
                value.name.value: Subgraph(value.name.value, str(graph["name"]), str(graph.get("url") or ""))
                for value in node.values or ()
                for graph in directives(value, "join__graph")
            }
    return {}


def _root_types(document: DocumentNode, types: Mapping[str, TypeInfo]) -> dict[str, str]:
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode):
            return {root.operation.value: root.type.name.value for root in node.operation_types}
    return {name.lower(): name for name in ("Query", "Mutation", "Subscription") if name in types}


class _Reader:
    def __init__(self, graphs: tuple[str, ...], bound: float, context_directive: str) -> None:
        self._graphs = graphs
        self._bound = bound
        self._context_directive = context_directive

    def type_info(self, node: TypeDefinitionNode) -> TypeInfo:
        joins = self._type_joins(node)
        return TypeInfo(
            node.name.value,
            _KINDS[node.kind],
            MappingProxyType(joins),
            MappingProxyType(self._fields(node, joins)),
            MappingProxyType(self._implements(node, joins)),
            MappingProxyType(self._members(node, joins)),
            frozenset(str(use.get("name")) for use in directives(node, self._context_directive)),
        )

    def _type_joins(self, node: TypeDefinitionNode) -> dict[str, TypeJoin]:
        keys: dict[str, list[Key]] = {}
        interface_objects = set()
        for join in directives(node, "join__type"):
            of_graph = keys.setdefault(join["graph"], [])
            if join.get("key"):
                of_graph.append(Key(parse_field_set(join["key"]), join.get("resolvable", True)))
            if join.get("isInterfaceObject"):
                interface_objects.add(join["graph"])
        if not keys or has_directive(node, "join__owner"):  # join v0.1 lists entities only
            keys = {graph: keys.get(graph, []) for graph in self._graphs}
        return {
            graph: TypeJoin(graph, tuple(keys[graph]), graph in interface_objects)
            for graph in self._graphs
            if graph in keys
        }

    def _fields(self, node: TypeDefinitionNode, joins: Mapping[str, TypeJoin]) -> dict[str, FieldInfo]:
        if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            return {}
        owner = next((join["graph"] for join in directives(node, "join__owner")), None)
        fields = {}
        for field in node.fields or ():
            field_joins = self._field_joins(field, (owner,) if owner else joins)
            if owner:
                self._add_key_joins(field, field_joins, joins)
            name = field.name.value
            fields[name] = FieldInfo(name, field.type, named_type(field.type), MappingProxyType(field_joins))
        return fields

    def _field_joins(self, field: FieldDefinitionNode, default: Iterable[str]) -> dict[str, FieldJoin]:
        declared = list(directives(field, "join__field"))
        if not declared:
            return {graph: _field_join(field, {"graph": graph}) for graph in default}
        taken_over = _overridden_graphs(declared, self._bound)
        return {
            join["graph"]: _field_join(field, join, is_moved=join["graph"] in taken_over)
            for join in declared
            if join.get("graph") and (join["graph"] not in taken_over or join.get("usedOverridden"))
        }

    def _add_key_joins(
        self, field: FieldDefinitionNode, field_joins: dict[str, FieldJoin], joins: Mapping[str, TypeJoin]
    ) -> None:
        """In join v0.1 a key field is resolvable wherever the key is declared, without saying so."""
        for graph, join in joins.items():
            for key in join.keys:
                if any(
                    isinstance(top, FieldNode) and top.name.value == field.name.value
                    for top in key.fields.selections.selections
                ):
                    field_joins.setdefault(graph, _field_join(field, {"graph": graph}))

    def _implements(self, node: TypeDefinitionNode, joins: Mapping[str, TypeJoin]) -> dict[str, frozenset[str]]:
        if not isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
            return {}
        declared: dict[str, set[str]] = {}
        for join in directives(node, "join__implements"):
            declared.setdefault(join["graph"], set()).add(join["interface"])
        if not declared:
            names = frozenset(interface.name.value for interface in node.interfaces or ())
            return dict.fromkeys(joins, names) if names else {}
        return {graph: frozenset(names) for graph, names in declared.items()}

    def _members(self, node: TypeDefinitionNode, joins: Mapping[str, TypeJoin]) -> dict[str, frozenset[str]]:
        if not isinstance(node, UnionTypeDefinitionNode):
            return {}
        declared: dict[str, set[str]] = {}
        for join in directives(node, "join__unionMember"):
            declared.setdefault(join["graph"], set()).add(join["member"])
        if not declared:
            return dict.fromkeys(joins, frozenset(member.name.value for member in node.types or ()))
        return {graph: frozenset(names) for graph, names in declared.items()}


def _overridden_graphs(declared: list[dict[str, Any]], bound: float) -> set[str]:
    """The losing side of each progressive override: the new subgraph serves when the label covers the bound."""
    labelled = [join for join in declared if join.get("overrideLabel")]
    movers = {join["graph"] for join in labelled if join.get("override")}
    if any(join.get("override") and _percent(str(join["overrideLabel"])) >= bound for join in labelled):
        return {join["graph"] for join in labelled} - movers
    return movers


def _percent(label: str) -> float:
    """Labels other than `percent(x)` are never in force: nothing tells when they should be."""
    if not label.startswith("percent(") or not label.endswith(")"):
        return 0
    return float(label[len("percent(") : -1])


def _field_join(field: FieldDefinitionNode, join: Mapping[str, Any], *, is_moved: bool = False) -> FieldJoin:
    """`is_moved`: a progressive override that is in force has taken the field from this subgraph."""
    text = join.get("type") or type_text(field.type)
    return FieldJoin(
        join["graph"],
        text,
        inner_name(text),
        _optional_field_set(join.get("requires")),
        _optional_field_set(join.get("provides")),
        bool(join.get("external")),
        bool(join.get("usedOverridden")) and (is_moved or not join.get("overrideLabel")),
        tuple(
            ContextArgument(given["name"], given["type"], given["context"], parse_field_set(given["selection"]))
            for given in join.get("contextArguments") or ()
        ),
    )


def _optional_field_set(text: str | None) -> FieldSet | None:
    return parse_field_set(text) if text else None
