"""How long answers may be kept: what `@cacheControl(maxAge, scope, inheritMaxAge)` says of types and fields.

The directive is Apollo's server's; it comes to the supergraph by `@composeDirective`, under its usual name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from graphql import DocumentNode, Node, TypeDefinitionNode

from rapport_gateway.supergraph.directives import directives

_NAME = "cacheControl"


@dataclass(frozen=True, slots=True)
class CacheHint:
    """`max_age` in seconds, None where it is not said. `inherits`: as long as what the field is on."""

    max_age: int | None = None
    private: bool = False
    inherits: bool = False


CacheHints = Mapping[tuple[str, str | None], CacheHint]
"""By (type, field), or (type, None) for fields that return the type. Places without a hint are left out."""
NO_CACHE_HINTS: CacheHints = MappingProxyType({})


def read_cache_hints(document: DocumentNode) -> CacheHints:
    """Of a supergraph SDL. Where several subgraphs say something of one place, the strictest counts."""
    return MappingProxyType(dict(_places(document)))


def _places(document: DocumentNode) -> Iterator[tuple[tuple[str, str | None], CacheHint]]:
    for node in document.definitions:
        if not isinstance(node, TypeDefinitionNode):
            continue
        type_name = node.name.value
        if hint := _hint(node):
            yield (type_name, None), hint
        for field in getattr(node, "fields", None) or ():
            if hint := _hint(field):
                yield (type_name, field.name.value), hint


def _hint(node: Node) -> CacheHint | None:
    uses: list[dict[str, Any]] = list(directives(node, _NAME))
    if not uses:
        return None
    ages = [max(0, age) for use in uses if isinstance(age := use.get("maxAge"), int)]
    return CacheHint(
        max_age=min(ages) if ages else None,
        private=any(use.get("scope") == "PRIVATE" for use in uses),
        inherits=all(use.get("inheritMaxAge") is True for use in uses),
    )
