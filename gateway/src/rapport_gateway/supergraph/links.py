"""`@link` and `@core`: which specifications a schema uses, and under which names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from graphql import ConstDirectiveNode, DocumentNode, SchemaDefinitionNode, SchemaExtensionNode

from rapport_gateway.supergraph.directives import arguments

APOLLO = "https://specs.apollo.dev/"
"""Where the specifications are that mean something here. Others may use the same names."""
_ALWAYS_SPEC = frozenset({"link", "core"})


@dataclass(frozen=True, slots=True)
class SpecLink:
    """One used specification: `name` from its URL, `namespace` its name here.

    `import_list` holds (original name, name here), directives with their "@". `purpose` is EXECUTION or SECURITY
    where the specification must not be ignored.
    """

    url: str
    name: str
    version: str
    namespace: str
    import_list: tuple[tuple[str, str], ...] = ()
    purpose: str = ""

    @property
    def imports(self) -> dict[str, str]:
        """Local names by original."""
        return dict(self.import_list)

    @property
    def identity(self) -> str:
        """The URL without the version."""
        return self.url.rsplit("/", 1)[0] if self.version else self.url


class SpecLinks:
    """All specifications that a schema links to."""

    def __init__(self, links: tuple[SpecLink, ...]) -> None:
        self.links = links
        self._by_name = {link.name: link for link in links if link.url.startswith(APOLLO)}
        self._namespaces = {link.namespace for link in links} | {"link", "join", "core"}
        self._imported = {local for link in links for local in link.imports.values()}

    def get(self, name: str) -> SpecLink | None:
        """The link to a specification of Apollo's."""
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

    def local_type(self, name: str, spec: str) -> str:
        """What a specification's type is called in this schema."""
        link = self._by_name.get(spec)
        if link is None:
            return name
        return link.imports.get(name, f"{link.namespace}__{name}")

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


def link_directives(document: DocumentNode) -> Iterator[ConstDirectiveNode]:
    for node in document.definitions:
        if isinstance(node, SchemaDefinitionNode | SchemaExtensionNode):
            yield from (item for item in node.directives or () if item.name.value in _ALWAYS_SPEC)


def _links(document: DocumentNode) -> Iterator[SpecLink]:
    for directive in link_directives(document):
        values = arguments(directive)
        url = values.get("url") or values.get("feature")
        if isinstance(url, str):
            yield _link(url, values)


def _link(url: str, values: dict[str, Any]) -> SpecLink:
    parts = [part for part in urlsplit(url).path.split("/") if part]
    version = parts.pop() if parts and parts[-1][:1] == "v" and parts[-1][1:2].isdigit() else ""
    if not parts:
        raise ValueError(f"@link has no specification name in its url {url!r}")
    name = parts[-1]
    imports: list[tuple[str, str]] = []
    for item in values.get("import") or ():
        if isinstance(item, str):
            imports.append((item, item))
        elif isinstance(item, dict) and isinstance(item.get("name"), str):
            imports.append((item["name"], str(item.get("as") or item["name"])))
    namespace, purpose = str(values.get("as") or name), str(values.get("for") or "")
    return SpecLink(url, name, version.lstrip("v"), namespace, tuple(imports), purpose)
