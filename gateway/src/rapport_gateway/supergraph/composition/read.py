"""Subgraph SDL to `SubgraphSchema`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from graphql import (
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLError,
    Node,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    parse,
    print_ast,
)
from graphql.validation import (
    UniqueArgumentDefinitionNamesRule,
    UniqueEnumValueNamesRule,
    UniqueFieldDefinitionNamesRule,
)
from graphql.validation.validate import validate_sdl

from rapport_gateway.supergraph.composition.subgraph import (
    Applied,
    FieldDef,
    InputDef,
    SubgraphSchema,
    SubgraphSource,
    TypeDef,
    ValueDef,
)
from rapport_gateway.supergraph.composition.usage import key_fields
from rapport_gateway.supergraph.directives import arguments
from rapport_gateway.supergraph.errors import CompositionProblem, reason
from rapport_gateway.supergraph.links import SpecLinks, read_links
from rapport_gateway.supergraph.model import Kind

_SINCE = {
    "key": 0,
    "external": 0,
    "requires": 0,
    "provides": 0,
    "shareable": 0,
    "override": 0,
    "inaccessible": 0,
    "tag": 0,
    "extends": 0,
    "composeDirective": 1,
    "interfaceObject": 3,
    "authenticated": 5,
    "requiresScopes": 5,
    "policy": 6,
    "context": 8,
    "fromContext": 8,
    "cost": 9,
    "listSize": 9,
}
"""The minor version of federation 2 that brought each directive."""
FEDERATION_DIRECTIVES = tuple(_SINCE)
_KINDS = {
    "scalar_type": Kind.SCALAR,
    "object_type": Kind.OBJECT,
    "interface_type": Kind.INTERFACE,
    "union_type": Kind.UNION,
    "enum_type": Kind.ENUM,
    "input_object_type": Kind.INPUT,
}
_BUILT_IN_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "link", "core"})
_RULES = (UniqueFieldDefinitionNamesRule, UniqueEnumValueNamesRule, UniqueArgumentDefinitionNamesRule)
_FEDERATION_TYPES = frozenset({"_Any", "_Entity", "_Service", "_FieldSet", "FieldSet"})
_FEDERATION_FIELDS = frozenset({"_entities", "_service"})
ROOT_NAMES = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


def read_subgraphs(sources: Sequence[SubgraphSource]) -> tuple[list[SubgraphSchema], list[CompositionProblem]]:
    """The schemas that can be read, and what is wrong with those that cannot."""
    schemas: list[SubgraphSchema] = []
    problems: list[CompositionProblem] = []
    taken: set[str] = set()
    for source in sources:
        if any(source.name == other.name for other in schemas):
            problems.append(CompositionProblem("INVALID_SUBGRAPH_NAME", f'two subgraphs are named "{source.name}"'))
            continue
        try:
            document = parse(source.sdl, no_location=True)
            links = read_links(document)
            problems.extend(_unknown_imports(source.name, links))
            found = [f"[{source.name}] {error.message}" for error in validate_sdl(document, rules=_RULES)]
            problems.extend(CompositionProblem("INVALID_GRAPHQL", message) for message in found)
            reader = _Reader(source, document, _graph_id(source.name, taken))
            schemas.append(reader.schema())
            problems.extend(reader.problems)
        except (GraphQLError, ValueError) as error:
            problems.append(CompositionProblem("INVALID_GRAPHQL", f"[{source.name}] {reason(error)}"))
    return schemas, problems


def _unknown_imports(name: str, links: SpecLinks) -> Iterator[CompositionProblem]:
    federation = links.get("federation")
    version = [int(part) for part in federation.version.split(".") if part.isdigit()] if federation else []
    if federation is None or len(version) != 2 or version[0] != 2:
        return
    for imported in federation.imports:
        since = _SINCE.get(imported[1:]) if imported.startswith("@") else None
        if imported.startswith("@") and (since is None or since > version[1]):
            message = f"[{name}] federation v{federation.version} has no {imported} to import"
            yield CompositionProblem("INVALID_LINK_DIRECTIVE_USAGE", message)


def _graph_id(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    base = f"_{base}" if base[:1].isdigit() else base
    candidate, number = base, 0
    while candidate in taken:
        number += 1
        candidate = f"{base}_{number}"
    taken.add(candidate)
    return candidate


class _Reader:
    def __init__(self, source: SubgraphSource, document: DocumentNode, graph: str) -> None:
        self._document = document
        self._links = read_links(document)
        federation = self._links.get("federation")
        self._names = _local_names(self._links) if federation else {name: name for name in FEDERATION_DIRECTIVES}
        self._defined = {
            node.name.value: node for node in document.definitions if isinstance(node, DirectiveDefinitionNode)
        }
        self._type_names = {
            node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode | TypeExtensionNode)
        }
        self._roots = {name: ROOT_NAMES[kind] for kind, name in self._root_types().items()}
        self._schema = SubgraphSchema(source.name, source.url, graph, federation is not None, self._links)
        self._schema.directives.update(self._defined)
        self._composed = frozenset(self._read_composed())
        self.problems: list[CompositionProblem] = []

    def schema(self) -> SubgraphSchema:
        self._check_roots()
        for node in self._document.definitions:
            kind = _KINDS.get(node.kind.removesuffix("_definition").removesuffix("_extension"))
            if kind is not None:
                self._add_type(node, kind, is_extension=node.kind.endswith("_extension"))
        # Every subgraph has a Query type, if only for its entities.
        self._schema.types.setdefault("Query", TypeDef("Query", Kind.OBJECT))
        in_keys = set(key_fields(self._schema))
        for type_def in self._schema.types.values():
            self._settle(type_def, in_keys)
        return self._schema

    def _root_types(self) -> dict[str, str]:
        found = {
            root.operation.value: root.type.name.value
            for node in self._document.definitions
            if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode)
            for root in node.operation_types or ()
        }
        return found or dict(ROOT_NAMES)

    def _add_type(self, node: Any, kind: Kind, *, is_extension: bool) -> None:
        own_name = node.name.value
        if own_name in _FEDERATION_TYPES or self._links.is_spec_type(own_name):
            return
        name = self._rename(own_name)
        type_def = self._schema.types.get(name)
        if type_def is None:
            type_def = self._schema.types[name] = TypeDef(name, kind, extended=is_extension)
        elif type_def.kind is not kind:
            raise ValueError(f"{name} is defined as {type_def.kind.value} and as {kind.value}")
        type_def.extended = type_def.extended and is_extension
        type_def.description = type_def.description or _description(node)
        type_def.directives.extend(self._directives(node))
        type_def.interfaces.update((item.name.value, None) for item in getattr(node, "interfaces", None) or ())
        type_def.members.update((self._rename(item.name.value), None) for item in getattr(node, "types", None) or ())
        for value in getattr(node, "values", None) or ():
            type_def.values[value.name.value] = ValueDef(
                value.name.value, _description(value), list(self._directives(value))
            )
        for field in getattr(node, "fields", None) or ():
            if kind is Kind.INPUT:
                type_def.inputs[field.name.value] = self._input(field)
            elif not (name == "Query" and field.name.value in _FEDERATION_FIELDS):
                type_def.fields[field.name.value] = self._field(field)

    def _field(self, node: Any) -> FieldDef:
        given = {item.name.value: self._input(item) for item in node.arguments or ()}
        return FieldDef(
            node.name.value, self._retyped(node.type), given, _description(node), list(self._directives(node))
        )

    def _input(self, node: Any) -> InputDef:
        default = print_ast(node.default_value) if node.default_value is not None else None
        return InputDef(node.name.value, node.type, default, _description(node), list(self._directives(node)))

    def _directives(self, node: Any) -> Iterator[Applied]:
        for directive in node.directives or ():
            name = directive.name.value
            if not self._is_known(name):
                message = f"[{self._schema.name}] the directive @{name} is not known"
                self.problems.append(CompositionProblem("INVALID_GRAPHQL", message))
            text = print_ast(directive) if name in self._composed else None
            yield Applied(self._names.get(name, name), arguments(directive), text)

    def _is_known(self, directive: str) -> bool:
        return (
            directive in self._names
            or directive in _BUILT_IN_DIRECTIVES
            or directive in self._defined
            or self._links.is_spec_directive(directive)
        )

    def _check_roots(self) -> None:
        """A type with a root type's usual name must be that root."""
        for own, usual in self._roots.items():
            if own != usual and usual in self._type_names:
                message = f"[{self._schema.name}] {own} is the root type instead of {usual}, which exists too"
                self.problems.append(CompositionProblem(f"ROOT_{usual.upper()}_USED", message))

    def _read_composed(self) -> Iterator[str]:
        for node in self._document.definitions:
            if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
                for directive in node.directives or ():
                    if self._names.get(directive.name.value) == "composeDirective":
                        name = arguments(directive).get("name")
                        self._schema.composes.append(name)
                        if isinstance(name, str) and name.startswith("@"):
                            yield name[1:]

    def _rename(self, name: str) -> str:
        return self._roots.get(name, name)

    def _retyped(self, node: Any) -> Any:
        """The type reference with root types under their usual names."""
        if getattr(node, "type", None) is not None:
            return type(node)(type=self._retyped(node.type))
        renamed = self._rename(node.name.value)
        return node if renamed == node.name.value else type(node)(name=type(node.name)(value=renamed))

    def _settle(self, type_def: TypeDef, in_keys: set[tuple[str, str]]) -> None:
        """Decide for each field whether it is external and whether others may share it."""
        type_def.extended = type_def.extended or type_def.has("extends")
        shared = type_def.has("shareable") or not self._schema.is_federation_2
        for field in type_def.fields.values():
            # A key field that an extension marks external is only a reference: the subgraph does know it.
            is_key = (type_def.name, field.name) in in_keys
            is_reference = type_def.extended and is_key
            field.external = (field.has("external") or type_def.has("external")) and not is_reference
            field.shareable = shared or is_key or field.has("shareable")


def _local_names(links: SpecLinks) -> dict[str, str]:
    names = {links.local_name(name, "federation"): name for name in FEDERATION_DIRECTIVES}
    names.update({links.local_name(name): name for name in ("tag", "inaccessible") if links.get(name)})
    return names


def _description(node: Node) -> str | None:
    description = getattr(node, "description", None)
    return description.value if description is not None else None
