"""One execution: where it stands, shared by everything that takes part in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rapport_gateway.errors import ErrorDict, ErrorPolicy
from rapport_gateway.execution.representations import Known, PreparedBatch
from rapport_gateway.execution.values import Location, Value
from rapport_gateway.execution.withheld import NOTHING, Withheld
from rapport_gateway.planning.operation import QuerySelection
from rapport_gateway.planning.plan import EntityBatch, Fetch
from rapport_gateway.subgraphs.call import Outcome
from rapport_gateway.subgraphs.client import SubgraphClient, SubgraphRequest

MAX_ERRORS = 500
"""Of one answer; a subgraph that has a million things to say must not cost as much."""


Asked = tuple[SubgraphRequest, Callable[[Outcome], None]]
"""What a fetch asks for, and what takes the answer or notes the failure."""


@dataclass(slots=True)
class Run:
    """One execution. `failed` are places, list positions left out, that a failed fetch leaves null; `lost` are
    the objects, by their paths in the answer, that a subgraph has taken back because of an error below them, which is
    told; `withheld` are the fields that the client may not have."""

    client: SubgraphClient
    selection: QuerySelection
    variables: Mapping[str, Any]
    headers: Mapping[str, str]
    batches: Mapping[EntityBatch, PreparedBatch]
    withheld: Withheld = NOTHING
    error_policy: ErrorPolicy = field(default_factory=ErrorPolicy)
    data: Value = field(default_factory=dict)
    found: Known = field(default_factory=dict)
    errors: list[ErrorDict] = field(default_factory=list)
    failed: list[Location] = field(default_factory=list)
    lost: set[Location] = field(default_factory=set)

    def again(self) -> Run:
        """Nothing fetched yet."""
        return replace(self, data={}, found={}, errors=[], failed=[], lost=set())

    def request(self, fetch: Fetch, representations: Mapping[str, Any] | None = None) -> SubgraphRequest:
        variables = {name: self.variables[name] for name in fetch.variables if name in self.variables}
        variables.update(representations or {})
        return SubgraphRequest(fetch.subgraph, fetch.kind, fetch.text, variables, self.headers)
