"""Reading constant directives off SDL nodes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import ConstDirectiveNode, Node, TypeNode, print_ast, value_from_ast_untyped
from graphql.language import ListTypeNode, NamedTypeNode, NonNullTypeNode


def directives(node: Node, name: str) -> Iterator[dict[str, Any]]:
    """The arguments of every `@name` on the node, as plain Python values (enum values as strings)."""
    for directive in getattr(node, "directives", None) or ():
        if directive.name.value == name:
            yield arguments(directive)


def arguments(directive: ConstDirectiveNode) -> dict[str, Any]:
    return {argument.name.value: value_from_ast_untyped(argument.value) for argument in directive.arguments or ()}


def has_directive(node: Node, name: str) -> bool:
    return any(directive.name.value == name for directive in getattr(node, "directives", None) or ())


def named_type(node: TypeNode) -> str:
    """The name inside list and non-null wrappers."""
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)  # noqa: S101  (the grammar has no fourth form)
    return node.name.value


def type_text(node: TypeNode) -> str:
    return print_ast(node)


def inner_name(text: str) -> str:
    """The name inside a printed type: `[Product!]!` gives `Product`."""
    return text.strip("[]! ")
