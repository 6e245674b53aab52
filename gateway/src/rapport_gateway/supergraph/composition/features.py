"""Specifications whose directives the supergraph may use: their links and definitions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_PLACES = "FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM"
_EVERYWHERE = (
    "FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT "
    "| INPUT_FIELD_DEFINITION"
)


class _Directive(NamedTuple):
    name: str
    definition: str


class _Feature(NamedTuple):
    """`imports`: its directives that are not called like the specification itself."""

    url: str
    purpose: str
    directives: tuple[_Directive, ...]
    types: tuple[str, ...] = ()
    imports: tuple[str, ...] = ()


_FEATURES = (
    _Feature(
        "tag/v0.3", "", (_Directive("tag", f"directive @tag(name: String!) repeatable on {_EVERYWHERE} | SCHEMA"),)
    ),
    _Feature(
        "inaccessible/v0.2", "SECURITY", (_Directive("inaccessible", f"directive @inaccessible on {_EVERYWHERE}"),)
    ),
    _Feature(
        "authenticated/v0.1", "SECURITY", (_Directive("authenticated", f"directive @authenticated on {_PLACES}"),)
    ),
    _Feature(
        "requiresScopes/v0.1",
        "SECURITY",
        (
            _Directive(
                "requiresScopes", f"directive @requiresScopes(scopes: [[requiresScopes__Scope!]!]!) on {_PLACES}"
            ),
        ),
        ("scalar requiresScopes__Scope",),
    ),
    _Feature(
        "policy/v0.1",
        "SECURITY",
        (_Directive("policy", f"directive @policy(policies: [[policy__Policy!]!]!) on {_PLACES}"),),
        ("scalar policy__Policy",),
    ),
    _Feature(
        "cost/v0.1",
        "",
        (
            _Directive(
                "cost",
                "directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION "
                "| INPUT_FIELD_DEFINITION | OBJECT | SCALAR",
            ),
            _Directive(
                "listSize",
                "directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], "
                "requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION",
            ),
        ),
        imports=("listSize",),
    ),
)


def links_for(text: str) -> Iterator[str]:
    """The `@link`s that the types in `text` need."""
    for feature in _FEATURES:
        used = [directive.name for directive in feature.directives if _uses(text, directive.name)]
        if used:
            purpose = f", for: {feature.purpose}" if feature.purpose else ""
            names = ", ".join(f'"@{name}"' for name in used if name in feature.imports)
            imports = f", import: [{names}]" if names else ""
            yield f'@link(url: "https://specs.apollo.dev/{feature.url}"{imports}{purpose})'


def definitions_for(text: str) -> Iterator[str]:
    for feature in _FEATURES:
        used = [directive for directive in feature.directives if _uses(text, directive.name)]
        yield from (directive.definition for directive in used)
        if used:
            yield from feature.types


def _uses(text: str, directive: str) -> bool:
    return re.search(rf"@{directive}\b(?!__)", text) is not None
