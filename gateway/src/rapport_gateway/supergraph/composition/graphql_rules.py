"""Whether a subgraph's schema is GraphQL, once it has been given what federation defines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    TypeDefinitionNode,
    TypeExtensionNode,
    build_ast_schema,
    parse,
    validate_schema,
)
from graphql import language as ast
from graphql.validation import (
    KnownTypeNamesRule,
    LoneSchemaDefinitionRule,
    UniqueTypeNamesRule,
)
from graphql.validation.specified_rules import specified_sdl_rules
from graphql.validation.validate import validate_sdl

from rapport_gateway.supergraph.composition.federation import Federation
from rapport_gateway.supergraph.composition.values import misfits

_LINK = """
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA
scalar link__Import
enum link__Purpose { SECURITY EXECUTION }
"""
_SPECIFIED = ("skip", "include", "deprecated", "specifiedBy", "oneOf", "defer", "stream")
_MACHINERY = "scalar _Any type _Service { sdl: String } scalar _Entity"
_TYPE_RULES = (UniqueTypeNamesRule, KnownTypeNamesRule)
_OTHER_RULES = tuple(rule for rule in specified_sdl_rules if rule not in {*_TYPE_RULES, LoneSchemaDefinitionRule})
_DEFINITIONS = {
    ast.ObjectTypeExtensionNode: ast.ObjectTypeDefinitionNode,
    ast.InterfaceTypeExtensionNode: ast.InterfaceTypeDefinitionNode,
    ast.InputObjectTypeExtensionNode: ast.InputObjectTypeDefinitionNode,
    ast.EnumTypeExtensionNode: ast.EnumTypeDefinitionNode,
    ast.UnionTypeExtensionNode: ast.UnionTypeDefinitionNode,
    ast.ScalarTypeExtensionNode: ast.ScalarTypeDefinitionNode,
}


class CompleteSchema:
    """The subgraph's document with every definition that it may leave out."""

    def __init__(self, document: DocumentNode, federation: Federation) -> None:
        self._own = document
        given = [*_parsed(_LINK), *federation.definitions.values()]
        given.extend(node for name in federation.type_names for node in _parsed(f"scalar {name}"))
        own = [*document.definitions, *_query(document.definitions)]
        wanted = [*given, *_parsed(_MACHINERY)]
        self._as_written = DocumentNode(definitions=tuple(_completed(own, wanted)))
        self._document = DocumentNode(definitions=tuple(_completed(_without(own, given), wanted)))

    def type_problems(self) -> list[str]:
        """Without types that are known and unique, nothing else can be judged."""
        return _broken(self._as_written, _TYPE_RULES)

    def rule_problems(self) -> list[str]:
        if any(isinstance(node, ast.ExecutableDefinitionNode) for node in self._own.definitions):
            return ["a schema has no operations and no fragments"]
        return _broken(self._document, _OTHER_RULES)

    def schema_problems(self) -> list[str]:
        """What is wrong with types that are used as they must not be, and with values that do not fit theirs."""
        try:
            schema = self.schema
        except (GraphQLError, TypeError, ValueError, KeyError) as error:
            return [str(error)]
        return [error.message for error in validate_schema(schema)] or list(misfits(schema, self._own))

    @cached_property
    def schema(self) -> GraphQLSchema:
        return build_ast_schema(self._document, assume_valid_sdl=True)


def _broken(document: DocumentNode, rules: Sequence[Any]) -> list[str]:
    return [error.message for error in validate_sdl(document, rules=rules)]


@cache
def _parsed(text: str) -> tuple[DefinitionNode, ...]:
    return parse(text, no_location=True).definitions


def _completed(own: Sequence[DefinitionNode], given: Sequence[Any]) -> Iterator[DefinitionNode]:
    """What the subgraph defines itself stands; a type that it only extends is begun by its first extension."""
    types = {node.name.value for node in own if isinstance(node, TypeDefinitionNode)}
    directives = {node.name.value for node in own if isinstance(node, DirectiveDefinitionNode)}
    for node in own:
        if isinstance(node, TypeExtensionNode) and node.name.value not in types:
            types.add(node.name.value)
            yield _DEFINITIONS[type(node)](**{key: getattr(node, key) for key in node.keys if hasattr(node, key)})
        elif not (isinstance(node, DirectiveDefinitionNode) and node.name.value in _SPECIFIED):
            yield node
    for node in given:
        if node.name.value not in (directives if isinstance(node, DirectiveDefinitionNode) else types):
            yield node


def _without(own: Sequence[DefinitionNode], given: Sequence[Any]) -> list[DefinitionNode]:
    """Own definitions of what federation defines are left out: whether they are the same is another check."""
    directives = {node.name.value for node in given if isinstance(node, DirectiveDefinitionNode)}
    types = {node.name.value for node in given if isinstance(node, TypeDefinitionNode)}
    return [
        node
        for node in own
        if not (isinstance(node, DirectiveDefinitionNode) and node.name.value in directives)
        and not (isinstance(node, TypeDefinitionNode) and node.name.value in types)
    ]


def _query(own: Sequence[DefinitionNode]) -> Iterator[DefinitionNode]:
    """Every subgraph can be asked for its SDL, so that none needs a query of its own."""
    roots = [
        root
        for node in own
        if isinstance(node, ast.SchemaDefinitionNode | ast.SchemaExtensionNode)
        for root in node.operation_types or ()
    ]
    name = next((root.type.name.value for root in roots if root.operation is ast.OperationType.QUERY), "")
    if roots and not name:
        yield from _parsed("extend schema { query: Query }")
    same = [node for node in own if getattr(getattr(node, "name", None), "value", "") == (name or "Query")]
    types = [node for node in same if isinstance(node, TypeDefinitionNode | TypeExtensionNode)]
    if not types and not name:
        yield from _parsed("type Query { _service: _Service }")
    elif types and not any(getattr(node, "fields", None) for node in types):
        yield from _parsed(f"extend type {name or 'Query'} {{ _service: _Service }}")
