"""The gateway's side of the comparison."""

from __future__ import annotations

from tests.conformance.corpus import SubgraphSet

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.errors import RequestRefused
from rapport_gateway.operations import prepare
from rapport_gateway.planning.permits import NOBODY
from rapport_gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence, Subscription
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.planning.walk import Unplannable
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.errors import CompositionFailed, CompositionProblem, InvalidSupergraph
from rapport_gateway.supergraph.loader import load_supergraph


def composed(each: SubgraphSet, urls: dict[str, str]) -> str | list[CompositionProblem]:
    """The supergraph, or why there is none. A crash is a problem like others, so that the comparison goes on."""
    try:
        return compose_supergraph([SubgraphSource(name, urls[name], sdl) for name, sdl in each.subgraphs.items()])
    except CompositionFailed as failure:
        return list(failure.problems)
    except Exception as crash:  # noqa: BLE001
        return [CompositionProblem("CRASH", repr(crash))]


def fetches(supergraph_sdl: str, text: str) -> int | str:
    """How many requests the plan makes, at most; or why there is no plan."""
    try:
        supergraph = load_supergraph(supergraph_sdl)
        operation = prepare(supergraph, text, None)
        granted = operation.asked or NOBODY  # so that nothing is withheld
        plan = plan_operation(supergraph, operation.document, operation.definition, {}, granted=granted)
    except (RequestRefused, Unplannable, InvalidSupergraph) as problem:
        return str(problem)
    except Exception as crash:  # noqa: BLE001
        return f"crash: {crash!r}"
    return _count(plan.node)


def _count(node: PlanNode | None) -> int:
    match node:
        case None:
            return 0
        case Fetch():
            return 1
        case Subscription():
            return 1 + _count(node.rest)
        case Sequence() | Parallel():
            return sum(_count(inner) for inner in node.nodes)
