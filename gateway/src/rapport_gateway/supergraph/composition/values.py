"""Whether constant values fit the arguments of the directives that they are given to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    GraphQLDirective,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    Node,
    ValueNode,
    print_ast,
)
from graphql.utilities.validate_input_value import validate_input_literal

_PARTS = ("fields", "arguments", "values")
_FIELD_SETS = "fields"


def misfits(schema: GraphQLSchema, document: DocumentNode) -> Iterator[str]:
    """One text for each value that does not fit. Field sets have checks of their own."""
    for node in document.definitions:
        name = getattr(getattr(node, "name", None), "value", "schema")
        yield from _in_node(schema, node, str(name))


def _in_node(schema: GraphQLSchema, node: Node, where: str) -> Iterator[str]:
    for applied in getattr(node, "directives", None) or ():
        definition = schema.get_directive(applied.name.value)
        if definition is not None:
            yield from _in_directive(definition, applied, where)
    for part in _PARTS:
        for child in getattr(node, part, None) or ():
            yield from _in_node(schema, child, f"{where}.{child.name.value}")


def _in_directive(definition: GraphQLDirective, applied: ConstDirectiveNode, where: str) -> Iterator[str]:
    for argument in applied.arguments or ():
        wanted = definition.args.get(argument.name.value)
        if wanted is None or argument.name.value == _FIELD_SETS:
            continue
        text = f"@{definition.name}({argument.name.value}: {print_ast(argument.value)})"
        yield from (f"{text} on {where}: {message}" for message in _misfit(argument.value, wanted.type))


def _misfit(value: ValueNode, wanted: GraphQLInputType) -> list[str]:
    messages: list[str] = []

    def note(error: GraphQLError, _: Sequence[object]) -> None:
        messages.append(error.message)

    validate_input_literal(value, wanted, note)
    return messages
