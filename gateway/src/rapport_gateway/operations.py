"""Client operations made ready: parsed, validated, planned, compiled; kept for the next request with the same text."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from graphql import (
    DocumentNode,
    GraphQLError,
    OperationDefinitionNode,
    VariableNode,
    Visitor,
    parse,
    validate,
    visit,
)

from rapport_gateway.errors import (
    BAD_REQUEST,
    GRAPHQL_PARSE_FAILED,
    GRAPHQL_VALIDATION_FAILED,
    OPERATION_RESOLUTION_FAILURE,
    OPERATION_TOO_LARGE,
    RequestRefused,
    refused,
)
from rapport_gateway.execution.projection import Projection
from rapport_gateway.planning.plan import Plan
from rapport_gateway.supergraph.model import Supergraph

_MAX_TOKENS = 15_000
_MAX_ERRORS = 50
K = TypeVar("K")
V = TypeVar("V")


class Lru(Generic[K, V]):
    """A dictionary that forgets what was used longest ago."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        value = self._items.get(key)
        if value is not None:
            self._items.move_to_end(key)
        return value

    def put(self, key: K, value: V) -> None:
        self._items[key] = value
        self._items.move_to_end(key)
        if len(self._items) > self._size:
            self._items.popitem(last=False)

    def __len__(self) -> int:
        return len(self._items)


@dataclass(slots=True, eq=False)
class PreparedPlan:
    plan: Plan
    projection: Projection
    introspection: dict[str, Any] | None = None


@dataclass(slots=True, eq=False)
class PreparedOperation:
    """A valid operation. `plans` holds one plan for each set of values of the variables in `conditions`."""

    document: DocumentNode
    definition: OperationDefinitionNode
    conditions: tuple[str, ...]
    plans: Lru[tuple[bool, ...], PreparedPlan] = field(default_factory=lambda: Lru(16))

    @property
    def kind(self) -> str:
        return self.definition.operation.value


def prepare(supergraph: Supergraph, text: str, operation_name: str | None) -> PreparedOperation:
    """Raises RequestRefused with every syntax or validation error."""
    document = _parse(text)
    try:
        errors = validate(supergraph.api_schema, document, max_errors=_MAX_ERRORS)
    except RecursionError as error:
        raise refused("The document is nested too deeply.", OPERATION_TOO_LARGE) from error
    if errors:
        raise RequestRefused([_formatted(error, GRAPHQL_VALIDATION_FAILED) for error in errors])
    definition = _choose(document, operation_name)
    if definition.operation.value not in supergraph.roots:
        raise refused(f"the schema has no {definition.operation.value} type", GRAPHQL_VALIDATION_FAILED)
    return PreparedOperation(document, definition, _condition_variables(document))


def _parse(text: str) -> DocumentNode:
    try:
        return parse(text, max_tokens=_MAX_TOKENS)
    except GraphQLError as error:
        raise RequestRefused([_formatted(error, GRAPHQL_PARSE_FAILED)]) from error
    except RecursionError as error:
        raise refused("Syntax Error: the document is nested too deeply.", GRAPHQL_PARSE_FAILED) from error


def _formatted(error: GraphQLError, code: str) -> dict[str, Any]:
    result: dict[str, Any] = {"message": error.message}
    if error.locations:
        result["locations"] = [location.formatted for location in error.locations]
    result["extensions"] = {"code": code}
    return result


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

    class Conditions(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            if node.name.value in {"skip", "include"}:
                for argument in node.arguments or ():
                    if isinstance(argument.value, VariableNode):
                        found[argument.value.name.value] = None

    visit(document, Conditions())
    return tuple(found)
