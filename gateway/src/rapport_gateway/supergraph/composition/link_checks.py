"""What must hold for the `@link`s of a subgraph."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphql import ConstDirectiveNode, DocumentNode, value_from_ast_untyped

from rapport_gateway.supergraph.composition.federation import FEDERATION_DIRECTIVES, TYPES_SINCE, Federation
from rapport_gateway.supergraph.directives import arguments
from rapport_gateway.supergraph.errors import CompositionProblem
from rapport_gateway.supergraph.links import SpecLink, SpecLinks, link_directives

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
_URL = re.compile(r"[a-z][a-z0-9+.\-]*://.+/v\d+\.\d+", re.IGNORECASE)
_FEDERATION_ONLY = ("tag", "inaccessible")
_USAGE = "INVALID_LINK_DIRECTIVE_USAGE"


def check_links(subgraph: str, document: DocumentNode) -> list[CompositionProblem]:
    """What makes the links unusable."""
    problems = []
    for directive in link_directives(document):
        url = arguments(directive).get("url")
        if isinstance(url, str) and not _URL.fullmatch(url):
            message = f"[{subgraph}] @link: {url!r} does not end with a name and a version such as v1.2"
            problems.append(CompositionProblem("INVALID_LINK_IDENTIFIER", message))
        problems.extend(CompositionProblem(_USAGE, f"[{subgraph}] @link: {text}") for text in _imports(directive))
    return problems


def _imports(directive: ConstDirectiveNode) -> Iterator[str]:
    """What is wrong with the form of the imports."""
    for argument in directive.arguments or ():
        if argument.name.value == "import":
            for item in getattr(argument.value, "values", ()):
                yield from _import(value_from_ast_untyped(item))


def _import(item: Any) -> Iterator[str]:
    if isinstance(item, str):
        return
    if not isinstance(item, dict) or not isinstance(item.get("name"), str) or item.keys() - {"name", "as"}:
        yield f"{item!r} is neither a name nor of the form {{ name, as }}"
        return
    local = item.get("as", item["name"])
    if not isinstance(local, str) or local.startswith("@") is not item["name"].startswith("@"):
        yield f"{item['name']} cannot be called {local!r}"


def check_linked(subgraph: str, links: SpecLinks, federation: Federation) -> Iterator[CompositionProblem]:
    """What is wrong with links that can be read: names that clash, elements that do not exist."""
    for text in (*_namespaces(links), *_clashes(links), *_unknown(links, federation)):
        yield CompositionProblem(_USAGE, f"[{subgraph}] {text}")


def _namespaces(links: SpecLinks) -> Iterator[str]:
    taken: dict[str, SpecLink] = {}
    identities: set[str] = set()
    for link in links.links:
        if not _NAME.fullmatch(link.namespace) or "__" in link.namespace:
            yield f"{link.url} cannot be called {link.namespace!r}"
        elif link.identity in identities:
            yield f"{link.identity} is linked to twice"
        elif link.namespace in taken:
            yield f"{link.url} and {taken[link.namespace].url} are both called {link.namespace!r}"
        if link.identity == "https://specs.apollo.dev/link" and link.version != "1.0":
            yield f"{link.url} is not a version of @link that is supported"
        taken.setdefault(link.namespace, link)
        identities.add(link.identity)
    if links.get("federation") is None:
        for name in _FEDERATION_ONLY:
            if links.get(name) is not None:
                yield f"@{name} must be imported from https://specs.apollo.dev/federation"


def _clashes(links: SpecLinks) -> Iterator[str]:
    origins: dict[str, tuple[str, str]] = {}
    for link in links.links:
        locals_: dict[str, str] = {}
        for original, local in link.import_list:
            if locals_.setdefault(original, local) != local:
                yield f"{original} of {link.identity} is imported as {locals_[original]} and as {local}"
            elif origins.setdefault(local, (link.identity, original)) != (link.identity, original):
                yield f"{local} is imported from {origins[local][0]} and as {original} from {link.identity}"


def _unknown(links: SpecLinks, federation: Federation) -> Iterator[str]:
    link = links.get("federation")
    if link is None or federation.minor is None:
        return
    known = {f"@{name}" for name in federation.directives.values()}
    known |= {name for name, since in TYPES_SINCE.items() if since <= federation.minor}
    for original in link.imports:
        if original not in known:
            later = original[1:] in FEDERATION_DIRECTIVES or original in TYPES_SINCE
            yield f"federation v{link.version} has no {original} to import" + (" yet" if later else "")
