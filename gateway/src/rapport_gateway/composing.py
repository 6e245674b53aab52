"""Composition as a whole: merged, loaded again as any gateway would, and every field shown to be reachable."""

from __future__ import annotations

from collections.abc import Sequence

from rapport_gateway.planning.satisfiability import unsatisfiable
from rapport_gateway.supergraph.composition import SubgraphSource, compose
from rapport_gateway.supergraph.errors import CompositionFailed, CompositionProblem, InvalidSupergraph
from rapport_gateway.supergraph.loader import load_supergraph


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
