"""What happens to a request: parse → validate → plan → execute → project."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from graphql import VariableDefinitionNode, get_variable_values

from rapport_gateway.beside import Beside
from rapport_gateway.errors import (
    BAD_USER_INPUT,
    GRAPHQL_VALIDATION_FAILED,
    OPERATION_TOO_LARGE,
    OPERATION_UNPLANNABLE,
    ErrorPolicy,
    RequestRefused,
    error,
    refused,
)
from rapport_gateway.execution.answer import SharedAnswer, answer_of
from rapport_gateway.execution.fan_out import Answers, FanOut
from rapport_gateway.execution.introspection import introspect
from rapport_gateway.execution.projection import Projection
from rapport_gateway.execution.representations import prepare_batches
from rapport_gateway.execution.run import run_node
from rapport_gateway.execution.sharing import shared_positions
from rapport_gateway.execution.state import Run
from rapport_gateway.execution.subscribe import events
from rapport_gateway.execution.unawaited import Ready, Unawaited
from rapport_gateway.execution.withheld import NOTHING, unauthorized, withheld
from rapport_gateway.identity.tokens import Anonymous, Identities
from rapport_gateway.in_flight import Cancel, InFlight, Waiter
from rapport_gateway.limits.bodies import may_hold_more, most_values
from rapport_gateway.limits.documents import LONG_DOCUMENT, DocumentReader
from rapport_gateway.limits.limits import Limits
from rapport_gateway.limits.reading_process import ReadingProcess
from rapport_gateway.logs import note
from rapport_gateway.metrics import Metrics
from rapport_gateway.operations import Lru, PreparedOperation, PreparedPlan, prepare
from rapport_gateway.planning.cache_policy import cache_policy
from rapport_gateway.planning.operation import OperationTooLarge
from rapport_gateway.planning.permits import NOBODY, Granted
from rapport_gateway.planning.plan import Plan, Subscription
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.planning.walk import Unplannable
from rapport_gateway.subgraphs.client import SubgraphClient, identity_of
from rapport_gateway.supergraph.model import Supergraph

Answer = dict[str, Any]
_MAX_INPUT_ERRORS = 20
_HEAVY_OPERATION = 200  # selections and values; planning fewer takes some milliseconds at most
_CACHED_WEIGHT = 50  # of an operation on average; what is kept takes some 2 KB for each


def _draw() -> float:
    return random.random() * 100


@dataclass(slots=True)
class GraphQLRequest:
    """`headers` are those to forward to every subgraph."""

    query: str
    operation_name: str | None
    variables: Mapping[str, Any]
    headers: Mapping[str, str]


class Pipeline:
    def __init__(
        self,
        supergraph: Supergraph,
        client: SubgraphClient,
        *,
        metrics: Metrics,
        plan_cache_size: int = 1000,
        limits: Limits | None = None,
        identities: Identities | None = None,
        error_policy: ErrorPolicy | None = None,
        fan_out: FanOut | None = None,
        shares: bool = False,
        reads_apart: bool = False,
        draw: Callable[[], float] = _draw,
    ) -> None:
        """`draw` gives the number, from 0 to below 100, that decides on progressive overrides of a request. Without
        `identities`, nobody is authenticated. `shares`: equal queries of one identity that wait at the same time are
        run once. `reads_apart`: what is large is read in another process; who sets it calls `start` and `close`."""
        self._supergraph = supergraph
        self._identities = identities or Anonymous()
        self.error_policy = error_policy or ErrorPolicy()
        self._fan_out = fan_out or FanOut()
        self._shares = shares
        self._in_flight: InFlight[Answer] = InFlight(for_several=SharedAnswer)
        self._draw = draw
        self._client = client
        self._metrics = metrics
        self._limits = limits or Limits()
        costs = supergraph.costs
        self.apart = ReadingProcess(supergraph.api_schema, self._limits, costs) if reads_apart else None
        self._reader = DocumentReader(
            supergraph.api_schema,
            self._limits,
            rules=costs,
            remembered=plan_cache_size,
            stages=metrics.stage,
            apart=self.apart,
        )
        self._beside = Beside()
        self._operations: Lru[tuple[str, str | None], PreparedOperation] = Lru(
            plan_cache_size, plan_cache_size * _CACHED_WEIGHT
        )

    async def start(self) -> None:
        """Get ready for large documents."""
        if self.apart is not None:
            await self._beside.run(self.apart, self.apart.start)

    def prepare(self, request: GraphQLRequest) -> PreparedOperation:
        """The valid operation of the request. Raises RequestRefused."""
        key = (request.query, request.operation_name)
        operation = self._operations.get(key)
        self._metrics.plan_cache(hit=operation is not None)
        if operation is None:
            operation = self._kept(key, prepare(self._supergraph, *key, self._reader))
        return self._noted(operation)

    async def prepared(self, request: GraphQLRequest, client: str = "") -> PreparedOperation:
        """The same, where a document that takes long to read holds up nobody else; clients take turns. Raises
        RequestRefused."""
        key = (request.query, request.operation_name)
        if len(request.query) <= LONG_DOCUMENT or key in self._operations:
            return self.prepare(request)
        self._metrics.plan_cache(hit=False)
        self._reader.check_known(request.query)
        made = await self._beside.run(key, partial(prepare, self._supergraph, *key, self._reader), client)
        return self._noted(self._kept(key, made))

    async def check_body(self, body: bytes, requests: int, client: str) -> None:
        """To be awaited before a body of up to so many requests is decoded, which takes long where it holds very many
        values. Raises RequestRefused."""
        most = most_values(self._limits, requests)
        if self.apart is not None and may_hold_more(body, most):
            await self._beside.run(object(), partial(self.apart.check_body, body, most), client)

    def ready(self, request: GraphQLRequest) -> PreparedPlan | None:
        """The plan of a known query that subgraphs alone answer; None for every other. Raises RequestRefused."""
        operation = self._operations.get((request.query, request.operation_name))
        if operation is None or operation.asked is not None or self._supergraph.moving:
            return None
        prepared = operation.plans.get(_plan_key(operation, self._checked_variables(operation, request.variables)))
        return prepared if prepared is not None and prepared.only_fetches else None

    def begin(self, prepared: PreparedPlan, request: GraphQLRequest, ready: Ready, waiter: Waiter[Answer]) -> Cancel:
        """Run what is `ready` here, sending by what is `ready` there; the waiter is told the answer. Gives what ends
        the waiting."""
        begin = partial(self._begun, prepared, request, ready)
        if not self._shares:
            return begin(waiter)
        return self._in_flight.enter(_sharing_key(prepared, request), begin, waiter)

    def _begun(self, prepared: PreparedPlan, request: GraphQLRequest, ready: Ready, waiter: Waiter[Answer]) -> Cancel:
        run = Unawaited(self._run(prepared, request), prepared.projection, ready, self._metrics.executing(), waiter)
        assert prepared.plan.node is not None  # noqa: S101  (that is what ready means)
        run.begin(prepared.plan.node)
        return run.cancel

    def _kept(self, key: tuple[str, str | None], operation: PreparedOperation) -> PreparedOperation:
        self._operations.put(key, operation, operation.weight)
        return operation

    def _noted(self, operation: PreparedOperation) -> PreparedOperation:
        note(operation=operation.name)
        if self._metrics.tracer.is_on:
            about = {"graphql.operation.type": operation.kind, "graphql.operation.name": operation.name or ""}
            self._metrics.tracer.describe(about)
        return operation

    async def execute(self, operation: PreparedOperation, request: GraphQLRequest) -> Answer:
        """The answer to a query or mutation. Raises RequestRefused when it could not be started."""
        return await self.run(operation, await self.planned(operation, request), request)

    async def planned(self, operation: PreparedOperation, request: GraphQLRequest) -> PreparedPlan:
        """The plan for the request's variables and for what the client holds. Raises RequestRefused."""
        coerced = self._checked_variables(operation, request.variables)
        return await self._plan(operation, coerced, await self._granted(operation, request))

    async def run(self, operation: PreparedOperation, prepared: PreparedPlan, request: GraphQLRequest) -> Answer:
        """The answer by a plan that has been made for this very request. Nobody may change it."""
        work = partial(self._run_alone, operation, prepared, request)
        if operation.kind == "mutation":
            try:
                return await work()
            finally:
                self._in_flight.close_doors()
        if self._shares and prepared.plan.node is not None:
            return await self._in_flight.join(_sharing_key(prepared, request), work)
        return await work()

    async def _run_alone(self, operation: PreparedOperation, prepared: PreparedPlan, request: GraphQLRequest) -> Answer:
        run = self._run(prepared, request)
        if _introspects(prepared.plan):
            self._introspect(operation, prepared, request, run)
        if prepared.plan.node is None:
            return answer_of(run, prepared.projection)
        with self._metrics.executing():
            await run_node(run, prepared.plan.node)
            return answer_of(run, prepared.projection)

    @asynccontextmanager
    async def subscribe(
        self, operation: PreparedOperation, request: GraphQLRequest
    ) -> AsyncIterator[AsyncIterator[Answer]]:
        """The answers to a subscription, one for each event. Raises RequestRefused, SubgraphFailure."""
        prepared = await self.planned(operation, request)
        node = prepared.plan.node
        if not isinstance(node, Subscription):
            if prepared.withheld.ways:
                raise RequestRefused(unauthorized({}, prepared.withheld), 200)
            raise refused("The subscription selects nothing.", GRAPHQL_VALIDATION_FAILED)
        begin = partial(events, self._run(prepared, request), node, prepared.projection)
        async with self._joined(begin, node.primary.subgraph, prepared, request) as answers:
            yield answers

    def _joined(
        self, begin: Callable[[], Answers], subgraph: str, prepared: PreparedPlan, request: GraphQLRequest
    ) -> Answers:
        if not self._fan_out.shares(subgraph):
            return begin()
        return self._fan_out.join(_sharing_key(prepared, request), begin)

    def _run(self, prepared: PreparedPlan, request: GraphQLRequest) -> Run:
        return Run(
            self._client,
            prepared.plan.operation.root,
            request.variables,
            request.headers,
            prepared.batches,
            prepared.withheld,
            self.error_policy,
        )

    async def _granted(self, operation: PreparedOperation, request: GraphQLRequest) -> Granted:
        """Of what the client holds, what the operation asks for: plans are shared by all who hold the same of that."""
        if operation.asked is None:
            return NOBODY
        return await self._identities.granted(request.headers, operation.asked)

    def _checked_variables(self, operation: PreparedOperation, variables: Mapping[str, Any]) -> Mapping[str, Any]:
        """The variables with defaults applied. What is forwarded are the client's own values."""
        self._reader.check_request(variables)
        definitions = operation.definition.variable_definitions or ()
        coerced = self._coerced(definitions, variables) if definitions else {}
        self._reader.check_cost(operation.cost, coerced)
        return coerced

    def _coerced(
        self, definitions: Sequence[VariableDefinitionNode], variables: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        result = get_variable_values(
            self._supergraph.api_schema,
            definitions,
            dict(variables),
            max_errors=_MAX_INPUT_ERRORS,
            hide_suggestions=not self._limits.suggestions,
        )
        if isinstance(result, list):
            raise RequestRefused([error(problem.message, BAD_USER_INPUT) for problem in result])
        return result.coerced

    async def _plan(self, operation: PreparedOperation, coerced: Mapping[str, Any], granted: Granted) -> PreparedPlan:
        form, supergraph = self._supergraph.at(self._draw()) if self._supergraph.moving else (0, self._supergraph)
        key = _plan_key(operation, coerced, form, granted)
        prepared = operation.plans.get(key)
        if prepared is None:
            chosen = {name: bool(coerced.get(name, False)) for name in operation.conditions}
            make = partial(self._made_plan, supergraph, operation, chosen, granted)
            is_heavy = operation.weight > _HEAVY_OPERATION
            prepared = await self._beside.run((id(operation), key), make) if is_heavy else make()
            operation.plans.put(key, prepared)
        return prepared

    def _made_plan(
        self, supergraph: Supergraph, operation: PreparedOperation, chosen: Mapping[str, bool], granted: Granted
    ) -> PreparedPlan:
        try:
            with self._metrics.stage("plan"):
                return _planned(supergraph, operation, chosen, granted)
        except OperationTooLarge as problem:
            raise refused(str(problem), OPERATION_TOO_LARGE) from problem
        except RecursionError as problem:
            raise refused("The operation is nested too deeply.", OPERATION_TOO_LARGE) from problem
        except Unplannable as problem:
            raise refused(f"The operation cannot be planned: {problem}.", OPERATION_UNPLANNABLE, 500) from problem

    def _introspect(
        self, operation: PreparedOperation, prepared: PreparedPlan, request: GraphQLRequest, run: Run
    ) -> None:
        """Without variables the result is always the same, and kept with the plan."""
        found = prepared.introspection
        if found is None:
            found, errors = introspect(
                self._supergraph.api_schema, operation.document, operation.definition, request.variables
            )
            run.errors.extend(errors)
            if not operation.definition.variable_definitions and not errors:
                prepared.introspection = found
        run.data.update(found)


def _plan_key(
    operation: PreparedOperation, coerced: Mapping[str, Any], form: int = 0, granted: Granted = NOBODY
) -> tuple[object, ...]:
    return (form, granted, *[bool(coerced.get(name, False)) for name in operation.conditions])


def _sharing_key(prepared: PreparedPlan, request: GraphQLRequest) -> Hashable:
    """What makes two requests one: the plan, which is that of one operation for what a client holds, the variables,
    and who asks."""
    variables = orjson.dumps(dict(request.variables), option=orjson.OPT_SORT_KEYS) if request.variables else b""
    return prepared, variables, identity_of(request.headers)


def _introspects(plan: Plan) -> bool:
    groups = plan.operation.root.groups
    return any(field.name in {"__schema", "__type"} for group in groups for field in group.fields)


def _planned(
    supergraph: Supergraph, operation: PreparedOperation, chosen: Mapping[str, bool], granted: Granted
) -> PreparedPlan:
    """Raises OperationTooLarge, RecursionError, Unplannable."""
    plan = plan_operation(supergraph, operation.document, operation.definition, chosen, granted=granted)
    root = plan.operation.root
    shared = shared_positions(plan.node)
    projection = Projection(supergraph.api_schema, root, shared)
    ways = NOTHING
    if operation.asked is not None:
        ways = withheld(root, unauthenticated=operation.asked.authenticated and not granted.authenticated)
    cache = cache_policy(supergraph, root) if plan.operation.kind == "query" else None
    if cache is not None and operation.asked is not None:
        cache = replace(cache, private=True)
    is_query = plan.operation.kind == "query"
    return PreparedPlan(
        plan,
        projection,
        prepare_batches(plan.node, shared),
        withheld=ways,
        cache=cache,
        only_fetches=is_query and plan.node is not None and not _introspects(plan),
    )
