"""What a client must hold to be given a type or a field: `@authenticated`, `@requiresScopes` and `@policy`.

Read from the supergraph as it stands, and kept by place in `Supergraph.access`. What a field asks for in the end is
all of: its own entry `(type, field)`, that of the type it is on `(type, None)`, and that of the type it returns.
Composition has given interfaces and their fields what their implementations ask for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType
from typing import Any

from graphql import DocumentNode, Node, TypeDefinitionNode

from rapport_gateway.supergraph.directives import directives, has_directive
from rapport_gateway.supergraph.links import SpecLinks

Alternatives = frozenset[frozenset[str]]
"""Any of the outer sets is enough, each asks for all of its names. Empty: nothing is asked for."""
ACCESS_LISTS = {"requiresScopes": "scopes", "policy": "policies"}
"""The directives that take alternatives, with the argument that holds them."""
ACCESS = ("authenticated", *ACCESS_LISTS)


@dataclass(frozen=True, slots=True)
class Access:
    """Everything that is asked for at one place: all three parts must be satisfied."""

    authenticated: bool = False
    scopes: Alternatives = frozenset()
    policies: Alternatives = frozenset()

    def __bool__(self) -> bool:
        return self.authenticated or bool(self.scopes) or bool(self.policies)

    def __and__(self, other: Access) -> Access:
        return Access(
            self.authenticated or other.authenticated,
            both(self.scopes, other.scopes),
            both(self.policies, other.policies),
        )


AccessMap = Mapping[tuple[str, str | None], Access]
"""By (type, field), or (type, None) for the type itself. Places that ask for nothing are left out."""
NO_ACCESS_RULES: AccessMap = MappingProxyType({})


def both(first: Alternatives, second: Alternatives) -> Alternatives:
    """The alternatives that satisfy the one and the other, without those that ask for more than another does."""
    if not first or not second:
        return first or second
    joined = {one | other for one, other in product(first, second)}
    return frozenset(names for names in joined if not any(other < names for other in joined))


def implies(held: Alternatives, needed: Alternatives) -> bool:
    """Whether whoever satisfies `held` also satisfies `needed`."""
    if not needed:
        return True
    return bool(held) and all(any(other <= names for other in needed) for names in held)


def alternatives(value: object) -> Alternatives:
    """The value of a `scopes` or `policies` argument, where one item may stand for a list of one."""
    if value is None:
        return frozenset()
    lists = value if isinstance(value, list) else [value]
    return frozenset(frozenset(map(str, names if isinstance(names, list) else [names])) for names in lists)


def read_access(document: DocumentNode, links: SpecLinks) -> AccessMap:
    """Of a supergraph SDL, whatever the directives are called there."""
    names = {original: local for original in ACCESS if (local := _local_name(links, original)) is not None}
    return MappingProxyType(dict(_places(document, names)))


def _local_name(links: SpecLinks, original: str) -> str | None:
    """None when the name is another specification's. Without any link, the directive counts as what it is called."""
    if links.get(original) is None and links.owner(original) is not None:
        return None
    return links.local_name(original)


def _places(document: DocumentNode, names: Mapping[str, str]) -> Iterator[tuple[tuple[str, str | None], Access]]:
    for node in document.definitions:
        if not isinstance(node, TypeDefinitionNode):
            continue
        type_name = node.name.value
        if access := _of(node, names):
            yield (type_name, None), access
        for field in getattr(node, "fields", None) or ():
            if access := _of(field, names):
                yield (type_name, field.name.value), access


def _of(node: Node, names: Mapping[str, str]) -> Access:
    authenticated = names.get("authenticated")
    lists: dict[str, Any] = {argument: frozenset() for argument in ACCESS_LISTS.values()}
    for name, argument in ACCESS_LISTS.items():
        for use in directives(node, names[name]) if name in names else ():
            lists[argument] = both(lists[argument], alternatives(use.get(argument)))
    return Access(authenticated is not None and has_directive(node, authenticated), **lists)
