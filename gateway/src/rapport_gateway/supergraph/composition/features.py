"""Specifications whose directives the supergraph may use: their links and definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
    url: str
    purpose: str
    directives: tuple[_Directive, ...]
    types: tuple[str, ...] = ()


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
    ),
    _Feature(
        "context/v0.1",
        "SECURITY",
        (_Directive("context", "directive @context(name: String!) repeatable on INTERFACE | OBJECT | UNION"),),
        (
            "scalar context__ContextFieldValue",
            "directive @context__fromContext(field: context__ContextFieldValue) on ARGUMENT_DEFINITION",
        ),
    ),
)


KEPT_DIRECTIVES = frozenset(directive.name for feature in _FEATURES for directive in feature.directives)


def links_for(names: Mapping[str, str]) -> Iterator[str]:
    """The `@link`s for the directives in use; `names` are what the supergraph calls them."""
    for feature in _FEATURES:
        used = [directive.name for directive in feature.directives if directive.name in names]
        if used:
            purpose = f", for: {feature.purpose}" if feature.purpose else ""
            imported = [_import(name, names[name]) for name in used if names[name] != feature.url.partition("/")[0]]
            imports = f", import: [{', '.join(imported)}]" if imported else ""
            yield f'@link(url: "https://specs.apollo.dev/{feature.url}"{imports}{purpose})'


def definitions_for(names: Mapping[str, str]) -> Iterator[str]:
    for feature in _FEATURES:
        used = [directive for directive in feature.directives if directive.name in names]
        for directive in used:
            yield directive.definition.replace(f"@{directive.name}", f"@{names[directive.name]}", 1)
        if used:
            yield from feature.types


def _import(name: str, called: str) -> str:
    return f'"@{name}"' if called == name else f'{{ name: "@{name}", as: "@{called}" }}'
