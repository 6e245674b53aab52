"""Values and types as GraphQL text: like `print_ast`, which takes ten times as long and leaves much to collect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import (
    BooleanValueNode,
    ListTypeNode,
    ListValueNode,
    NamedTypeNode,
    NonNullTypeNode,
    NullValueNode,
    ObjectValueNode,
    StringValueNode,
    TypeNode,
    ValueNode,
    VariableNode,
)
from graphql.language.print_string import print_string


def literal(value: ValueNode) -> str:
    """On one line; block strings become plain ones, which say the same."""
    return _LITERALS.get(type(value), _as_written)(value)


def type_reference(node: TypeNode) -> str:
    match node:
        case NonNullTypeNode():
            return f"{type_reference(node.type)}!"
        case ListTypeNode():
            return f"[{type_reference(node.type)}]"
        case NamedTypeNode():
            return node.name.value
        case _:
            raise TypeError(node)


def _as_written(value: Any) -> str:
    """A number or an enum value."""
    return str(value.value)


def _list(value: Any) -> str:
    return f"[{', '.join(map(literal, value.values))}]"


def _object(value: Any) -> str:
    return f"{{{', '.join(f'{field.name.value}: {literal(field.value)}' for field in value.fields)}}}"


_LITERALS: dict[type[ValueNode], Callable[[Any], str]] = {
    VariableNode: lambda value: f"${value.name.value}",
    StringValueNode: lambda value: print_string(value.value),
    BooleanValueNode: lambda value: "true" if value.value else "false",
    NullValueNode: lambda _: "null",
    ListValueNode: _list,
    ObjectValueNode: _object,
}
