"""Whether constant values fit the types of the arguments and input fields that they are for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import (
    DocumentNode,
    EnumValueNode,
    GraphQLDirective,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    ListValueNode,
    Node,
    NullValueNode,
    ObjectValueNode,
    TypeNode,
    Undefined,
    ValueNode,
    print_ast,
    specified_scalar_types,
    type_from_ast,
    value_from_ast,
)
from graphql import language as ast

_PARTS = ("fields", "arguments", "values")


def misfits(schema: GraphQLSchema, document: DocumentNode) -> Iterator[str]:
    """One text for each value that does not fit, in the directives and defaults of the document."""
    for node in document.definitions:
        name = getattr(getattr(node, "name", None), "value", "schema")
        yield from _in_node(schema, node, str(name))


def _in_node(schema: GraphQLSchema, node: Node, where: str) -> Iterator[str]:
    for applied in getattr(node, "directives", None) or ():
        definition = schema.get_directive(applied.name.value)
        if definition is not None:
            yield from _in_directive(definition, applied, where)
    default = getattr(node, "default_value", None)
    if isinstance(node, ast.InputValueDefinitionNode) and default is not None:
        wanted = _type(schema, node.type)
        if wanted is not None and not fits(default, wanted):
            yield f"the default {print_ast(default)} of {where} is no {print_ast(node.type)}"
    for part in _PARTS:
        for child in getattr(node, part, None) or ():
            yield from _in_node(schema, child, f"{where}.{child.name.value}")


def _type(schema: GraphQLSchema, node: TypeNode) -> Any:
    return type_from_ast(schema, node)


def _in_directive(definition: GraphQLDirective, applied: ast.ConstDirectiveNode, where: str) -> Iterator[str]:
    for argument in applied.arguments or ():
        wanted = definition.args.get(argument.name.value)
        if wanted is not None and not fits(argument.value, wanted.type):
            text = print_ast(argument.value)
            yield f"@{definition.name}({argument.name.value}: {text}) on {where} is no {wanted.type}"


def fits(value: ValueNode, wanted: Any) -> bool:
    """As GraphQL coerces literals, but an input object may lack what it needs, as older schemas do."""
    if isinstance(wanted, GraphQLNonNull):
        return not isinstance(value, NullValueNode) and fits(value, wanted.of_type)
    if isinstance(value, NullValueNode):
        return True
    if isinstance(wanted, GraphQLList):
        items = value.values if isinstance(value, ListValueNode) else (value,)
        return all(fits(item, wanted.of_type) for item in items)
    if isinstance(wanted, GraphQLInputObjectType):
        return isinstance(value, ObjectValueNode) and all(
            field.name.value in wanted.fields and fits(field.value, wanted.fields[field.name.value].type)
            for field in value.fields
        )
    return _fits_leaf(value, wanted)


def _fits_leaf(value: ValueNode, wanted: Any) -> bool:
    if isinstance(wanted, GraphQLEnumType):
        return isinstance(value, EnumValueNode) and value.value in wanted.values
    is_custom = isinstance(wanted, GraphQLScalarType) and wanted.name not in specified_scalar_types
    return is_custom or value_from_ast(value, wanted) is not Undefined
