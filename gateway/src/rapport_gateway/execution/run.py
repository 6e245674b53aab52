"""Running a plan: one match over its nodes, one value tree, one list of errors."""

from __future__ import annotations

import asyncio

from rapport_gateway.execution.entities import fetch_by_context, fetch_entities
from rapport_gateway.execution.failures import note_failure, note_root_errors
from rapport_gateway.execution.state import Run
from rapport_gateway.execution.values import Value, copied, find, merge
from rapport_gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence, Subscription
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphFailure


async def run_node(run: Run, node: PlanNode) -> None:
    match node:
        case Fetch(entities=()):
            await _fetch(run, node)
        case Fetch(by_context=True):
            await fetch_by_context(run, node)
        case Fetch():
            await fetch_entities(run, node)
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
    targets = find(fetch.path, [run.data])
    if not targets:
        return
    try:
        answer = await run.client.execute(run.request(fetch))
    except SubgraphFailure as failure:
        note_failure(run, fetch, failure)
        return
    take_root(run, fetch, answer, targets)


def take_root(run: Run, fetch: Fetch, answer: SubgraphAnswer, targets: list[Value]) -> None:
    """Merge the root fields of an answer into the tree."""
    if answer.errors:
        note_root_errors(run, fetch, answer)
    if answer.data is not None:
        for number, target in enumerate(targets):
            merge(target, copied(answer.data) if number else answer.data)
