"""Client operations made ready: parsed, validated, planned, compiled; kept for the next request with the same text."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from graphql import DocumentNode, OperationDefinitionNode, VariableNode

from rapport_gateway.errors import BAD_REQUEST, GRAPHQL_VALIDATION_FAILED, OPERATION_RESOLUTION_FAILURE, refused
from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.representations import PreparedBatch
from rapport_gateway.execution.withheld import NOTHING, Withheld
from rapport_gateway.limits.cost import Cost
from rapport_gateway.limits.documents import DocumentReader
from rapport_gateway.limits.limits import Limits
from rapport_gateway.planning.cache_policy import CachePolicy
from rapport_gateway.planning.permits import Granted, mentioned
from rapport_gateway.planning.plan import EntityBatch, Plan
from rapport_gateway.supergraph.model import Supergraph

K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """A dictionary that forgets what was used longest ago, past a number of items or past the sum of their weights."""

    def __init__(self, size: int, max_weight: int | None = None) -> None:
        self._size = size
        self._max_weight = max_weight
        self._weight = 0
        self._items: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def put(self, key: K, value: V, weight: int = 0) -> None:
        """The weight counts while the item is kept; what alone is too heavy is not kept at all."""
        if self._max_weight is not None and weight > self._max_weight:
            return
        _, replaced = self._items.pop(key, (None, 0))
        self._items[key] = (value, weight)
        self._weight += weight - replaced
        while len(self._items) > self._size or (self._max_weight is not None and self._weight > self._max_weight):
            _, (_, freed) = self._items.popitem(last=False)
            self._weight -= freed

    def __contains__(self, key: K) -> bool:
        return key in self._items

    def __len__(self) -> int:
        return len(self._items)


@dataclass(slots=True, eq=False)
class PreparedPlan:
    """`only_fetches`: a query, and nothing but requests to subgraphs is needed for it."""

    plan: Plan
    projection: Projection
    batches: Mapping[EntityBatch, PreparedBatch]
    only_fetches: bool = False
    introspection: dict[str, Any] | None = None
    withheld: Withheld = NOTHING
    cache: CachePolicy | None = None


@dataclass(slots=True, eq=False)
class PreparedOperation:
    """A valid operation. `plans` holds one plan for each set of values of the variables in `conditions`, each form of
    the supergraph, and each set of what clients hold of what is asked for here (`asked`, None: nothing is)."""

    document: DocumentNode
    definition: OperationDefinitionNode
    conditions: tuple[str, ...]
    cost: Cost
    weight: int
    asked: Granted | None = None
    plans: Lru[tuple[object, ...], PreparedPlan] = field(default_factory=lambda: Lru(16))

    @property
    def kind(self) -> str:
        return self.definition.operation.value

    @property
    def name(self) -> str | None:
        return self.definition.name.value if self.definition.name else None


def prepare(
    supergraph: Supergraph, text: str, operation_name: str | None, reader: DocumentReader | None = None
) -> PreparedOperation:
    """Raises RequestRefused with every syntax or validation error, or the limit that the document passes.

    Without a `reader` the usual limits apply.
    """
    read = (reader or DocumentReader(supergraph.api_schema, Limits(), rules=supergraph.costs)).read(text)
    definition = _choose(read.document, operation_name)
    if definition.operation.value not in supergraph.roots:
        raise refused(f"the schema has no {definition.operation.value} type", GRAPHQL_VALIDATION_FAILED)
    cost = read.costs[definition.name.value if definition.name else None]
    conditions = _condition_variables(read.document) if "@" in text else ()
    asked = mentioned(supergraph, read.document)
    return PreparedOperation(read.document, definition, conditions, cost, read.weight, asked)


def _choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None:
        if len(operations) == 1:
            return operations[0]
        if not operations:
            raise refused("The document has no operation.", BAD_REQUEST)
        raise refused("The document has several operations: say which by operationName.", OPERATION_RESOLUTION_FAILURE)
    for operation in operations:
        if operation.name is not None and operation.name.value == name:
            return operation
    raise refused(f"The document has no operation named {name!r}.", OPERATION_RESOLUTION_FAILURE)


def _condition_variables(document: DocumentNode) -> tuple[str, ...]:
    """The variables that decide what is selected; every set of their values has a plan of its own."""
    found: dict[str, None] = {}
    waiting: list[Any] = [getattr(node, "selection_set", None) for node in document.definitions]
    while waiting:
        selection_set = waiting.pop()
        for node in selection_set.selections if selection_set is not None else ():
            waiting.append(getattr(node, "selection_set", None))
            for directive in node.directives or ():
                if directive.name.value in {"skip", "include"}:
                    values = (argument.value for argument in directive.arguments or ())
                    found.update((value.name.value, None) for value in values if isinstance(value, VariableNode))
    return tuple(found)
