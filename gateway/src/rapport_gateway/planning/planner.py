"""The passes in order: normalise, skip what cannot occur, walk, optimise, build."""

from __future__ import annotations

from collections.abc import Mapping

from graphql import DocumentNode, OperationDefinitionNode

from rapport_gateway.planning.build import PlanBuilder
from rapport_gateway.planning.fetch_graph import FetchGraph
from rapport_gateway.planning.normalise import normalise
from rapport_gateway.planning.occurring import skip_impossible_types
from rapport_gateway.planning.operation import NormalisedOperation
from rapport_gateway.planning.optimise import optimise
from rapport_gateway.planning.permits import NOBODY, Granted, Permits
from rapport_gateway.planning.plan import Fetch, Plan, PlanNode, Sequence, Subscription
from rapport_gateway.planning.reach import Reach
from rapport_gateway.planning.render import Renderer
from rapport_gateway.planning.selections import SelectionBuilder
from rapport_gateway.planning.walk import Walker
from rapport_gateway.supergraph.model import Supergraph

DEFAULT_FIELD_LIMIT = 10_000


def plan_operation(
    supergraph: Supergraph,
    document: DocumentNode,
    operation: OperationDefinitionNode,
    conditions: Mapping[str, bool],
    *,
    granted: Granted = NOBODY,
    field_limit: int = DEFAULT_FIELD_LIMIT,
) -> Plan:
    """Plan a valid operation, for one set of values of its `@skip`/`@include` variables and one of a client's rights.

    Raises OperationTooLarge past `field_limit` fields with fragments expanded, Unplannable when the supergraph
    cannot resolve what it declares.
    """
    permits = Permits(supergraph, document, granted) if supergraph.access else None
    builder = SelectionBuilder(supergraph, limit=field_limit, permits=permits)
    normalised = normalise(supergraph, document, operation, conditions, builder)
    requirements = SelectionBuilder(supergraph, limit=field_limit, first_bit=normalised.root.mask.bit_length())
    skip_impossible_types(normalised.root, Reach(supergraph, requirements))
    walker = Walker(supergraph, requirements)
    build = PlanBuilder(supergraph, Renderer(supergraph, operation), normalised.kind)
    if normalised.kind == "query":
        return Plan(normalised, build.build(optimise(walker.query(normalised))))
    graphs = walker.one_by_one(normalised)
    if normalised.kind == "subscription":
        return Plan(normalised, _subscription(build, graphs[0]) if graphs else None)
    return Plan(normalised, _in_order([build.build(optimise(graph)) for graph in graphs]))


def _in_order(nodes: list[PlanNode | None]) -> PlanNode | None:
    flat: list[PlanNode] = []
    for node in nodes:
        if node is not None:
            flat.extend(node.nodes if isinstance(node, Sequence) else (node,))
    if not flat:
        return None
    return flat[0] if len(flat) == 1 else Sequence(tuple(flat))


def _subscription(build: PlanBuilder, graph: FetchGraph) -> Subscription:
    steps = optimise(graph)
    primary = build.build(steps[:1])
    assert isinstance(primary, Fetch)  # noqa: S101  (a single step gives a single fetch)
    for step in steps[1:]:
        step.after.discard(steps[0])
    return Subscription(primary, build.build(steps[1:]))


__all__ = ["DEFAULT_FIELD_LIMIT", "NormalisedOperation", "plan_operation"]
