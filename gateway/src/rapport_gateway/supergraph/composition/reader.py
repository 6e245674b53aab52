"""A subgraph's document to its `SubgraphSchema`."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from graphql import (
    ConstDirectiveNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumValueNode,
    GraphQLSchema,
    Node,
    ObjectValueNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    print_ast,
    specified_scalar_types,
)

from rapport_gateway.supergraph.composition.federation import Federation
from rapport_gateway.supergraph.composition.federation_1 import drop_unused, prepare_federation_1
from rapport_gateway.supergraph.composition.subgraph import (
    Applied,
    DirectiveDef,
    FieldDef,
    InputDef,
    SubgraphSchema,
    SubgraphSource,
    TypeDef,
    ValueDef,
)
from rapport_gateway.supergraph.composition.usage import key_fields
from rapport_gateway.supergraph.directives import arguments
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.model import Kind

_KINDS = {
    "scalar_type": Kind.SCALAR,
    "object_type": Kind.OBJECT,
    "interface_type": Kind.INTERFACE,
    "union_type": Kind.UNION,
    "enum_type": Kind.ENUM,
    "input_object_type": Kind.INPUT,
}
_BUILT_IN_DIRECTIVES = ("deprecated", "specifiedBy", "oneOf")
_FEDERATION_TYPES = frozenset({"_Any", "_Entity", "_Service", "_FieldSet", "FieldSet"})
_FEDERATION_FIELDS = frozenset({"_entities", "_service"})
ROOT_NAMES = {"query": "Query", "mutation": "Mutation", "subscription": "Subscription"}


class Reader:
    """Reads one document that GraphQL's and federation's rules for definitions have been applied to."""

    def __init__(
        self,
        source: SubgraphSource,
        document: DocumentNode,
        graph: str,
        federation: Federation,
        graphql: GraphQLSchema,
    ) -> None:
        self._document = document
        self._names = federation.directives
        self._skipped = _FEDERATION_TYPES | set(federation.type_names)
        self._type_names = {
            node.name.value for node in document.definitions if isinstance(node, TypeDefinitionNode | TypeExtensionNode)
        }
        self._roots = {name: ROOT_NAMES[kind] for kind, name in self._root_types().items()}
        self._schema = SubgraphSchema(source.name, source.url, graph, federation, graphql, roots=self._roots)
        self.problems: list[CompositionProblem] = []
        self._composed = frozenset(self._read_composed())
        for node in document.definitions:
            if isinstance(node, DirectiveDefinitionNode):
                arguments_ = {item.name.value: self._input(item) for item in node.arguments or ()}
                self._schema.directives[node.name.value] = DirectiveDef(node, arguments_)

    def schema(self) -> SubgraphSchema:
        self._find_unused_roots()
        for node in self._document.definitions:
            if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
                self._schema.whole.directives.extend(self._directives(node))
        for node in self._document.definitions:
            kind = _KINDS.get(node.kind.removesuffix("_definition").removesuffix("_extension"))
            if kind is not None:
                self._add_type(node, kind, is_extension=node.kind.endswith("_extension"))
        # Every subgraph has a Query type, if only for its entities.
        self._schema.types.setdefault("Query", TypeDef("Query", Kind.OBJECT))
        if not self._schema.is_federation_2:
            prepare_federation_1(self._schema)
        in_keys = set(key_fields(self._schema))
        for type_def in self._schema.types.values():
            self._settle(type_def, in_keys)
        if not self._schema.is_federation_2:
            self.problems.extend(drop_unused(self._schema))
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
        if own_name in self._skipped or own_name in specified_scalar_types or own_name.startswith("link__"):
            return
        name = self._rename(own_name)
        type_def = self._schema.types.get(name)
        if type_def is None:
            type_def = self._schema.types[name] = TypeDef(name, kind, extended=is_extension)
        elif type_def.kind is not kind:
            raise ValueError(f"{name} is defined as {type_def.kind.value} and as {kind.value}")
        type_def.extended = type_def.extended and is_extension
        type_def.description = type_def.description or _description(node)
        here = list(self._directives(node))
        type_def.directives.extend(here)
        self._note_repeated(name, here)
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
                added = type_def.fields[field.name.value] = self._field(field)
                self._mark(type_def, added, {item.name for item in here})

    def _mark(self, type_def: TypeDef, field: FieldDef, of_declaration: Collection[str]) -> None:
        """What a type's definition or extension is marked as, counts for the fields that are written there."""
        field.external = field.has("external")
        field.shareable = field.has("shareable") or "shareable" in of_declaration
        self._note_repeated(f"{type_def.name}.{field.name}", field.directives)

    def _note_repeated(self, coordinate: str, applied: Sequence[Applied]) -> None:
        if sum(item.name == "shareable" for item in applied) > 1:
            self._schema.repeated.append(coordinate)

    def _field(self, node: Any) -> FieldDef:
        given = {item.name.value: self._input(item) for item in node.arguments or ()}
        return FieldDef(
            node.name.value, self._retyped(node.type), given, _description(node), list(self._directives(node))
        )

    def _input(self, node: Any) -> InputDef:
        default = print_ast(node.default_value) if node.default_value is not None else None
        return InputDef(node.name.value, node.type, default, _description(node), list(self._directives(node)))

    def _directives(self, node: Any) -> Iterator[Applied]:
        """Directives that are not federation's keep their "@", so that they are not taken for it."""
        for directive in node.directives or ():
            name = directive.name.value
            text = print_ast(directive) if name in self._composed else None
            known = name if name in _BUILT_IN_DIRECTIVES else f"@{name}"
            given = _arguments(directive) if self._schema.is_federation_2 else arguments(directive)
            yield Applied(self._names.get(name, known), given, text)

    def _find_unused_roots(self) -> None:
        """A type with a root type's usual name must be that root."""
        for own, usual in self._roots.items():
            if own != usual and usual in self._type_names:
                self._schema.misnamed_roots[own] = usual

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
        for field in type_def.fields.values():
            # A key field that an extension marks external is only a reference: the subgraph does know it.
            is_key = (type_def.name, field.name) in in_keys
            external = field.external or type_def.has("external")
            field.external = external and not (type_def.extended and is_key)
            field.shareable = field.shareable or is_key or not self._schema.is_federation_2


def _arguments(directive: ConstDirectiveNode) -> dict[str, Any]:
    """Field sets must be strings; a name or an object is None here."""
    found = arguments(directive)
    for argument in directive.arguments or ():
        if argument.name.value == "fields" and isinstance(argument.value, EnumValueNode | ObjectValueNode):
            found["fields"] = None
    return found


def _description(node: Node) -> str | None:
    description = getattr(node, "description", None)
    return description.value if description is not None else None
