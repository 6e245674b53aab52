"""Composition as a whole: merged, loaded again as any gateway would, and every field shown to be reachable."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from rapport_gateway.planning.satisfiability import unsatisfiable
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.sdl import running_sources
from rapport_gateway.supergraph.composition import SubgraphSource, compose
from rapport_gateway.supergraph.errors import CompositionFailed, CompositionProblem, InvalidSupergraph
from rapport_gateway.supergraph.loader import load_supergraph


class InvalidSource(Exception):
    """The text names no subgraph; the message says how it should."""


def compose_supergraph(sources: Sequence[SubgraphSource]) -> str:
    """The supergraph SDL. Raises CompositionFailed with every problem found."""
    sdl = compose(sources)
    try:
        supergraph = load_supergraph(sdl, to_serve=False)
    except InvalidSupergraph as error:
        raise CompositionFailed([CompositionProblem("INVALID_GRAPHQL", str(error))]) from error
    forms = (supergraph, *(form for _, form in supergraph.moving))
    if problems := dict.fromkeys(problem for form in forms for problem in unsatisfiable(form)):
        raise CompositionFailed(list(problems))
    return sdl


def read_sources(texts: Sequence[str], credentials: ServiceCredentials) -> list[SubgraphSource]:
    """Of `NAME=URL@FILE`, and of `NAME=URL` for subgraphs that run. Raises InvalidSource, SubgraphFailure, OSError."""
    found: dict[str, SubgraphSource | None] = {}
    running: dict[str, str] = {}
    for text in texts:
        name, url, file = _parts(text)
        found[name] = SubgraphSource(name, url, Path(file).read_text(encoding="utf-8")) if file else None
        if not file:
            running[name] = url
    told = {}
    if running:
        told = {source.name: source for source in asyncio.run(running_sources(running, credentials))}
    return [source or told[name] for name, source in found.items()]


def _parts(text: str) -> tuple[str, str, str]:
    name, _, rest = text.partition("=")
    url, _, file = rest.partition("@")
    if not (name and url) or text.endswith("@"):
        raise InvalidSource(f"--subgraph {text!r} is not of the form NAME=URL@FILE, or NAME=URL where it runs")
    return name, url, file
