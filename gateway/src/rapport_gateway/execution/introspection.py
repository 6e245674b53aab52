"""`__schema` and `__type`, answered by the gateway from its public schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    execute_sync,
)

from rapport_gateway.errors import INTERNAL_SERVER_ERROR, ErrorDict, error

_META = frozenset({"__schema", "__type"})


def introspect(
    schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, variables: Mapping[str, Any]
) -> tuple[dict[str, Any], list[ErrorDict]]:
    """The values of the operation's introspection fields by response key."""
    reduced = DocumentNode(definitions=tuple(_reduced(document, operation)))
    name = operation.name.value if operation.name else None
    result = execute_sync(schema, reduced, variable_values=dict(variables), operation_name=name)
    errors = [error(e.message, INTERNAL_SERVER_ERROR, path=e.path) for e in result.errors or ()]
    return result.data or {}, errors


def _reduced(document: DocumentNode, operation: OperationDefinitionNode) -> list[Any]:
    """The document with nothing but introspection on the root type."""
    fragments = {n.name.value: n for n in document.definitions if isinstance(n, FragmentDefinitionNode)}
    selections = tuple(_meta(operation.selection_set, fragments))
    kept = {key: getattr(operation, key) for key in operation.keys if key != "loc"}
    kept["selection_set"] = SelectionSetNode(selections=selections)
    return [OperationDefinitionNode(**kept), *fragments.values()]


def _meta(selection_set: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> list[SelectionNode]:
    found: list[SelectionNode] = []
    for selection in selection_set.selections:
        if isinstance(selection, FieldNode):
            if selection.name.value in _META:
                found.append(selection)
            continue
        inner = selection if isinstance(selection, InlineFragmentNode) else fragments[selection.name.value]  # type: ignore[attr-defined]
        below = _meta(inner.selection_set, fragments)
        if below:
            found.append(
                InlineFragmentNode(
                    type_condition=None,
                    directives=selection.directives,
                    selection_set=SelectionSetNode(selections=tuple(below)),
                )
            )
    return found
