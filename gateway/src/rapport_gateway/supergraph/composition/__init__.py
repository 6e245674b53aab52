"""Subgraph SDLs to a supergraph SDL, by the rules of Apollo Federation."""

from rapport_gateway.supergraph.composition.compose import compose
from rapport_gateway.supergraph.composition.subgraph import SubgraphSource

__all__ = ["SubgraphSource", "compose"]
