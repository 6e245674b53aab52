"""Directives that the supergraph keeps by wish (`@composeDirective`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from graphql import DirectiveDefinitionNode, print_ast

from rapport_gateway.supergraph.composition.applied import quoted
from rapport_gateway.supergraph.composition.context import Context
from rapport_gateway.supergraph.composition.federation import FEDERATION_DIRECTIVES
from rapport_gateway.supergraph.composition.subgraph import SubgraphSchema
from rapport_gateway.supergraph.links import SpecLink

_CODE = "DIRECTIVE_COMPOSITION_ERROR"


@dataclass(frozen=True, slots=True)
class _Use:
    """A directive that one subgraph composes: its name there and in its specification."""

    schema: SubgraphSchema
    name: str
    original: str
    link: SpecLink

    @property
    def definition(self) -> DirectiveDefinitionNode:
        return self.schema.directives[self.name].node


@dataclass(frozen=True, slots=True)
class ComposedDirectives:
    """`links` and `definitions` as the supergraph's SDL has them, and the `names` of all."""

    links: tuple[str, ...]
    definitions: tuple[str, ...]
    names: frozenset[str]


def composed_directives(context: Context) -> ComposedDirectives:
    uses = [use for schema in context.schemas for use in _uses(context, schema)]
    by_feature: dict[str, list[_Use]] = {}
    for use in uses:
        by_feature.setdefault(_identity(use.link), []).append(use)
    links: list[str] = []
    definitions: list[str] = []
    for feature, same in by_feature.items():
        if len({_major(use.link.version) for use in same}) > 1:
            context.problem(_CODE, f"the subgraphs use {feature} in versions that are not compatible")
            continue
        newest = max(same, key=lambda use: _version(use.link.version))
        imports = {}
        for use in sorted(same, key=lambda use: _version(use.link.version)):
            imports[use.name] = use
        links.append(f"@link(url: {quoted(newest.link.url)}, import: [{', '.join(map(_import, imports.values()))}])")
        definitions.extend(print_ast(use.definition) for use in imports.values())
    _check_names(context, uses)
    return ComposedDirectives(tuple(links), tuple(definitions), frozenset(use.name for use in uses))


def _uses(context: Context, schema: SubgraphSchema) -> Iterable[_Use]:
    for given in schema.composes:
        where = f'@composeDirective(name: {given!r}) in "{schema.name}"'
        if not isinstance(given, str) or not given:
            context.problem(_CODE, f"{where} names no directive")
        elif not given.startswith("@"):
            context.problem(_CODE, f'{where}: the name must begin with "@"')
        elif given[1:] not in schema.directives:
            is_own = given[1:] in FEDERATION_DIRECTIVES
            reason = "a directive of federation itself" if is_own else "not defined in the subgraph"
            context.problem(_CODE, f"{where}: the directive is {reason}")
        elif (found := schema.links.owner(given[1:])) is None:
            context.problem(_CODE, f"{where}: the directive is of no specification that the subgraph links to")
        else:
            yield _Use(schema, given[1:], found[1], found[0])


def _check_names(context: Context, uses: Sequence[_Use]) -> None:
    for name in dict.fromkeys(use.name for use in uses):
        features = {_identity(use.link) for use in uses if use.name == name}
        for schema in context.schemas:
            if (found := schema.links.owner(name)) is not None:
                features.add(_identity(found[0]))
        if len(features) > 1:
            context.problem(_CODE, f"the composed directive @{name} is of different specifications in the subgraphs")
    for use in uses:
        others = [o.name for o in uses if _identity(o.link) == _identity(use.link) and o.original == use.original]
        if use.name != others[0]:
            message = f'the composed directive @{others[0]} is called @{use.name} in "{use.schema.name}"'
            context.problem(_CODE, message)


def _import(use: _Use) -> str:
    if use.name == use.original:
        return quoted(f"@{use.name}")
    return f"{{ name: {quoted(f'@{use.original}')}, as: {quoted(f'@{use.name}')} }}"


def _identity(link: SpecLink) -> str:
    return link.url.rsplit("/", 1)[0] if link.version else link.url


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".") if part.isdigit()) or (0,)


def _major(text: str) -> tuple[int, ...]:
    """Versions that must be equal: before 1.0 every minor version stands alone."""
    version = _version(text)
    return version[:1] if version[0] else version[:2]
