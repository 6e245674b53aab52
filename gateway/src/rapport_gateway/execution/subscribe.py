"""Subscriptions: the stream of one subgraph, each event completed by the rest of the plan."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from rapport_gateway.execution.answer import answer_of
from rapport_gateway.execution.asking import take_root
from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.run import run_node
from rapport_gateway.execution.state import Run
from rapport_gateway.planning.plan import Subscription
from rapport_gateway.subgraphs.client import SubgraphAnswer


@asynccontextmanager
async def events(
    template: Run, subscription: Subscription, projection: Projection
) -> AsyncIterator[AsyncIterator[dict[str, Any]]]:
    """`template` gives client, variables and headers. Raises SubgraphFailure when the stream cannot be had."""
    request = template.request(subscription.primary)
    async with template.client.subscribe(request) as upstream:

        async def answers() -> AsyncIterator[dict[str, Any]]:
            async for event in upstream:
                yield await _complete(template, subscription, projection, event)

        yield answers()


async def _complete(
    template: Run, subscription: Subscription, projection: Projection, event: SubgraphAnswer
) -> dict[str, Any]:
    run = template.again()
    take_root(run, subscription.primary, [run.data], event)
    if subscription.rest is not None and event.data is not None:
        await run_node(run, subscription.rest)
    return answer_of(run, projection)
