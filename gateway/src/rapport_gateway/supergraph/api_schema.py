"""The public schema: the supergraph without join directives and inaccessible elements."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NamedTypeNode,
    Node,
    SchemaDefinitionNode,
    TypeDefinitionNode,
    build_ast_schema,
)
from graphql.language import DirectiveLocation

from rapport_gateway.supergraph.directives import has_directive
from rapport_gateway.supergraph.errors import InvalidSupergraph, reason
from rapport_gateway.supergraph.links import SpecLinks

_PUBLIC_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})
_NOT_SERVED = frozenset({"defer", "stream"})
"""Subgraphs may have them: what they promise, answers in several parts, is not theirs to promise for the gateway."""
EXECUTABLE_LOCATIONS = frozenset(
    location.name
    for location in (
        DirectiveLocation.QUERY,
        DirectiveLocation.MUTATION,
        DirectiveLocation.SUBSCRIPTION,
        DirectiveLocation.FIELD,
        DirectiveLocation.FRAGMENT_SPREAD,
        DirectiveLocation.INLINE_FRAGMENT,
    )
)
_NESTED = ("fields", "arguments", "values", "interfaces", "types")


def build_api_schema(document: DocumentNode, links: SpecLinks) -> GraphQLSchema:
    """Raises InvalidSupergraph when what remains is no valid schema."""
    public = _PublicView(document, links)
    try:
        return build_ast_schema(DocumentNode(definitions=tuple(public.definitions())))
    except (GraphQLError, TypeError) as error:
        raise InvalidSupergraph(f"the public schema is not valid: {reason(error)}") from error


class _PublicView:
    def __init__(self, document: DocumentNode, links: SpecLinks) -> None:
        self._document = document
        self._inaccessible = links.local_name("inaccessible")
        self._links = links
        self._hidden = {
            node.name.value
            for node in document.definitions
            if isinstance(node, TypeDefinitionNode) and has_directive(node, self._inaccessible)
        }

    def definitions(self) -> Iterable[DefinitionNode]:
        for node in self._document.definitions:
            if isinstance(node, DirectiveDefinitionNode):
                if self._is_public_directive(node):
                    yield self._stripped(node)
            elif isinstance(node, SchemaDefinitionNode):
                roots = (root for root in node.operation_types if root.type.name.value not in self._hidden)
                yield SchemaDefinitionNode(description=node.description, operation_types=tuple(roots))
            elif isinstance(node, TypeDefinitionNode):
                name = node.name.value
                if name not in self._hidden and not self._links.is_spec_type(name):
                    yield self._stripped(node)

    def _is_public_directive(self, node: DirectiveDefinitionNode) -> bool:
        executable = any(location.value in EXECUTABLE_LOCATIONS for location in node.locations)
        name = node.name.value
        return executable and name not in _NOT_SERVED and not self._links.is_spec_directive(name)

    def _stripped(self, node: Any) -> Any:
        """The node with public directives only and without inaccessible parts, all the way down."""
        kept: dict[str, Any] = {key: getattr(node, key) for key in node.keys if key != "loc"}
        for key in _NESTED:
            if kept.get(key):
                kept[key] = tuple(self._stripped(child) for child in kept[key] if self._is_visible(child))
        if kept.get("directives"):
            kept["directives"] = tuple(d for d in kept["directives"] if d.name.value in _PUBLIC_DIRECTIVES)
        return type(node)(**kept)

    def _is_visible(self, node: Node) -> bool:
        if isinstance(node, NamedTypeNode):
            return node.name.value not in self._hidden
        return not has_directive(node, self._inaccessible)
