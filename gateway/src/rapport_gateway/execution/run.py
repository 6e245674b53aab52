"""Running a plan: one match over its nodes, one value tree, one list of errors."""

from __future__ import annotations

import asyncio

from rapport_gateway.execution.asking import ask
from rapport_gateway.execution.state import Run
from rapport_gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence, Subscription
from rapport_gateway.subgraphs.call import Outcome
from rapport_gateway.subgraphs.client import SubgraphFailure


async def run_node(run: Run, node: PlanNode) -> None:
    match node:
        case Fetch():
            await _fetch(run, node)
        case Sequence():
            for inner in node.nodes:
                await run_node(run, inner)
        case Parallel():
            await _together(run, node)
        case Subscription():
            raise TypeError("a subscription is a stream: use subscribe()")


async def _together(run: Run, node: Parallel) -> None:
    """The last goes on in this task: each task costs as much as a tenth of a request to a subgraph."""
    *others, last = node.nodes
    tasks = [asyncio.create_task(run_node(run, other)) for other in others]
    try:
        await run_node(run, last)
        for task in tasks:
            await task
    except BaseException:
        for task in tasks:
            task.cancel()
        raise


async def _fetch(run: Run, fetch: Fetch) -> None:
    asked = ask(run, fetch)
    if asked is None:
        return
    request, take = asked
    outcome: Outcome
    try:
        outcome = await run.client.execute(request)
    except SubgraphFailure as failure:
        outcome = failure
    take(outcome)
