"""`@link` and `@core`: which specifications a schema uses, and under which names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from graphql import DocumentNode, SchemaDefinitionNode, SchemaExtensionNode

from rapport_gateway.supergraph.directives import arguments

_ALWAYS_SPEC = frozenset({"link", "core"})


@dataclass(frozen=True, slots=True)
class SpecLink:
    """One used specification: `name` from its URL, `namespace` its name here, `imports` local names by original.

    `purpose` is EXECUTION or SECURITY where it must not be ignored."""

    url: str
    name: str
    version: str
    namespace: str
    imports: dict[str, str] = field(default_factory=dict)
    purpose: str = ""


class SpecLinks:
    """All specifications that a schema links to."""

    def __init__(self, links: tuple[SpecLink, ...]) -> None:
        self.links = links
        self._by_name = {link.name: link for link in links}
        self._namespaces = {link.namespace for link in links} | {"link", "join", "core"}
        self._imported = {local for link in links for local in link.imports.values()}

    def get(self, name: str) -> SpecLink | None:
        return self._by_name.get(name)

    def local_name(self, directive: str, spec: str | None = None) -> str:
        """What a specification's directive is called in this schema; the specification's own name is the default."""
        link = self._by_name.get(spec or directive)
        if link is None:
            return directive
        imported = link.imports.get(f"@{directive}")
        if imported is not None:
            return imported[1:]
        return link.namespace if link.name == directive else f"{link.namespace}__{directive}"

    def owner(self, directive: str) -> tuple[SpecLink, str] | None:
        """The specification of a directive that is called so here, and its name there."""
        for link in self.links:
            for original, local in link.imports.items():
                if local == f"@{directive}":
                    return link, original[1:]
            if directive == link.namespace:
                return link, link.name
            if directive.startswith(f"{link.namespace}__"):
                return link, directive.removeprefix(f"{link.namespace}__")
        return None

    def is_spec_type(self, name: str) -> bool:
        return name in self._imported or (name.split("__", 1)[0] in self._namespaces and "__" in name)

    def is_spec_directive(self, name: str) -> bool:
        return (
            name in _ALWAYS_SPEC or name in self._namespaces or f"@{name}" in self._imported or self.is_spec_type(name)
        )


def read_links(document: DocumentNode) -> SpecLinks:
    """Raises ValueError when a `@link` has no usable URL."""
    return SpecLinks(tuple(_links(document)))


def _links(document: DocumentNode) -> Iterator[SpecLink]:
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            for directive in node.directives or ():
                values = arguments(directive)
                url = values.get("url") or values.get("feature")
                if isinstance(url, str) and directive.name.value in {"link", "core"}:
                    yield _link(url, values)


def _link(url: str, values: dict[str, Any]) -> SpecLink:
    parts = [part for part in urlsplit(url).path.split("/") if part]
    version = parts.pop() if parts and parts[-1][:1] == "v" and parts[-1][1:2].isdigit() else ""
    if not parts:
        raise ValueError(f"@link has no specification name in its url {url!r}")
    name = parts[-1]
    imports: dict[str, str] = {}
    for item in values.get("import") or ():
        if isinstance(item, str):
            imports[item] = item
        elif isinstance(item, dict) and isinstance(item.get("name"), str):
            imports[item["name"]] = str(item.get("as") or item["name"])
    namespace, purpose = str(values.get("as") or name), str(values.get("for") or "")
    return SpecLink(url, name, version.lstrip("v"), namespace, imports, purpose)
