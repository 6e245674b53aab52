"""Running a plan: one match over its nodes, one value tree, one list of errors."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rapport_gateway.errors import ErrorDict
from rapport_gateway.execution.entities import fetch_entities
from rapport_gateway.execution.failures import note_failure, note_root_errors
from rapport_gateway.execution.values import Location, Value, copied, find, merge
from rapport_gateway.planning.operation import QuerySelection
from rapport_gateway.planning.plan import Fetch, Parallel, PlanNode, Sequence, Subscription
from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphClient, SubgraphFailure, SubgraphRequest


@dataclass(slots=True)
class Run:
    """One execution. `failed` are places, list positions left out, that a failed fetch leaves null."""

    client: SubgraphClient
    selection: QuerySelection
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    data: Value = field(default_factory=dict)
    errors: list[ErrorDict] = field(default_factory=list)
    failed: list[Location] = field(default_factory=list)

    async def node(self, node: PlanNode) -> None:
        match node:
            case Fetch(entities=()):
                await self._fetch(node)
            case Fetch():
                await fetch_entities(self, node)
            case Sequence():
                for inner in node.nodes:
                    await self.node(inner)
            case Parallel():
                await asyncio.gather(*(self.node(inner) for inner in node.nodes))
            case Subscription():
                raise TypeError("a subscription is a stream: use subscribe()")

    def request(self, fetch: Fetch, representations: Mapping[str, Any] | None = None) -> SubgraphRequest:
        variables = {name: self.variables[name] for name in fetch.variables if name in self.variables}
        variables.update(representations or {})
        return SubgraphRequest(fetch.subgraph, fetch.kind, fetch.text, variables, self.headers)

    async def _fetch(self, fetch: Fetch) -> None:
        targets = find(self.data, fetch.path)
        if not targets:
            return
        try:
            answer = await self.client.execute(self.request(fetch))
        except SubgraphFailure as failure:
            note_failure(self, fetch, failure)
            return
        self.take_root(fetch, answer, targets)

    def take_root(self, fetch: Fetch, answer: SubgraphAnswer, targets: list[Value]) -> None:
        """Merge the root fields of an answer into the tree."""
        if answer.errors:
            note_root_errors(self, fetch, answer)
        if answer.data is not None:
            for number, target in enumerate(targets):
                merge(target, copied(answer.data) if number else answer.data)
