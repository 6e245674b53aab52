"""The gateway over the schemas of the whole CRM, without its subgraphs: what is asked is checked, not answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from gateway.tests.subgraph_world import InProcessClient, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.errors import RequestRefused
from rapport_gateway.limits.limits import Limits
from rapport_gateway.metrics import Metrics
from rapport_gateway.operations import PreparedOperation
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.supergraph.loader import load_supergraph

SERVICES = Path(__file__).parents[2] / "services"
SDL = compose_supergraph(
    [source(path.parent.name, path.read_text(encoding="utf-8")) for path in sorted(SERVICES.glob("*/schema.graphql"))]
)
SUPERGRAPH = load_supergraph(SDL)


def pipeline(limits: Limits | None = None, *, reads_apart: bool = False) -> Pipeline:
    """Of the whole CRM, with its limit of cost. Nothing here may get as far as a subgraph."""
    limits = limits or Limits(max_cost=10_000)
    return Pipeline(SUPERGRAPH, InProcessClient({}), metrics=Metrics(), limits=limits, reads_apart=reads_apart)


CRM = pipeline()


def admitted(text: str, variables: dict[str, Any] | None = None, *, by: Pipeline = CRM) -> PreparedOperation:
    request = GraphQLRequest(text, None, variables or {}, {})
    operation = by.prepare(request)
    by._checked_variables(operation, request.variables)
    return operation


def refusal(text: str, variables: dict[str, Any] | None = None, *, by: Pipeline = CRM) -> dict[str, Any]:
    with pytest.raises(RequestRefused) as refused:
        admitted(text, variables, by=by)
    error: dict[str, Any] = refused.value.errors[0]
    return error
