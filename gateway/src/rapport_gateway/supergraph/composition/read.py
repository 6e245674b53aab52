"""Subgraph SDLs to schemas, or to what is wrong with each of them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    parse,
)

from rapport_gateway.supergraph.composition.definition_checks import check_definitions
from rapport_gateway.supergraph.composition.federation import NEWEST_MINOR, Federation
from rapport_gateway.supergraph.composition.graphql_rules import CompleteSchema
from rapport_gateway.supergraph.composition.link_checks import check_linked, check_links
from rapport_gateway.supergraph.composition.reader import Reader
from rapport_gateway.supergraph.composition.subgraph import (
    SubgraphSchema,
    SubgraphSource,
)
from rapport_gateway.supergraph.errors import CompositionProblem, reason
from rapport_gateway.supergraph.links import read_links


def read_subgraphs(sources: Sequence[SubgraphSource]) -> tuple[list[SubgraphSchema], list[CompositionProblem]]:
    """The schemas that can be read, and what is wrong with those that cannot."""
    schemas: list[SubgraphSchema] = []
    problems: list[CompositionProblem] = []
    taken: set[str] = set()
    names: set[str] = set()
    for source in sources:
        if source.name in names or source.name == "_":
            reason_ = "is reserved" if source.name == "_" else "is taken by another"
            problems.append(CompositionProblem("INVALID_SUBGRAPH_NAME", f'the subgraph name "{source.name}" {reason_}'))
        names.add(source.name)
        try:
            document = parse(source.sdl, no_location=True)
        except GraphQLError as error:
            problems.append(CompositionProblem("INVALID_GRAPHQL", f"[{source.name}] {reason(error)}"))
            continue
        judged = _judged(source.name, document)
        if isinstance(judged, list):
            problems.extend(judged)
            continue
        reader = Reader(source, document, _graph_id(source.name, taken), *judged)
        schemas.append(reader.schema())
        problems.extend(reader.problems)
    return schemas, problems


def _judged(name: str, document: DocumentNode) -> list[CompositionProblem] | tuple[Federation, GraphQLSchema]:
    """What is wrong with a subgraph's document; each step needs that nothing was wrong in those before."""
    problems = check_links(name, document)
    if problems:
        return problems
    links = read_links(document)
    link = links.get("federation")
    minor = _minor(link.version) if link else None
    if link is not None and minor is None:
        message = f"[{name}] federation v{link.version} is not known"
        problems.append(CompositionProblem("UNKNOWN_FEDERATION_LINK_VERSION", message))
    federation = Federation(links, minor)
    problems.extend(check_linked(name, links, federation))
    if any(problem.code == "INVALID_LINK_DIRECTIVE_USAGE" for problem in problems):
        return problems
    complete = CompleteSchema(document, federation)
    texts = complete.type_problems()
    if not texts:
        problems.extend(check_definitions(name, document, federation))
        texts = complete.rule_problems()
    if not texts and not problems:
        texts = complete.schema_problems()
    problems.extend(CompositionProblem("INVALID_GRAPHQL", f"[{name}] {text}") for text in texts)
    return problems or (federation, complete.schema)


def _minor(version: str) -> int | None:
    """Of a version of federation 2 that is known."""
    major, _, minor = version.partition(".")
    return int(minor) if major == "2" and int(minor) <= NEWEST_MINOR else None


def _graph_id(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^A-Z0-9_]", "_", name.upper())
    base = f"_{base}" if base[:1].isdigit() else base
    candidate, number = base, 0
    while candidate in taken:
        number += 1
        candidate = f"{base}_{number}"
    taken.add(candidate)
    return candidate
