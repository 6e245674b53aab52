"""Small subgraphs in this process: real schemas on graphql-core behind the client interface, every call recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    build_ast_schema,
    execute,
    parse,
    subscribe,
    validate,
)

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.limits.limits import Limits
from rapport_gateway.metrics import Metrics
from rapport_gateway.pipeline import GraphQLRequest, Pipeline
from rapport_gateway.planning.cache_policy import CachePolicy
from rapport_gateway.planning.plan import Plan
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.planning.printer import print_plan
from rapport_gateway.subgraphs.client import (
    SubgraphAnswer,
    SubgraphErrors,
    SubgraphFailure,
    SubgraphRequest,
    read_answer,
)
from rapport_gateway.supergraph.composition import SubgraphSource
from rapport_gateway.supergraph.loader import load_supergraph
from rapport_gateway.supergraph.model import Supergraph

LINK = """extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@external",
  "@requires", "@provides", "@shareable", "@override", "@inaccessible", "@tag", "@extends", "@interfaceObject",
  "@composeDirective", "@authenticated", "@requiresScopes", "@policy", "@cost", "@listSize", "@context",
  "@fromContext"])
"""
_FEDERATION = """
scalar _Any
type _Service { sdl: String }
extend type Query { _service: _Service! }
"""
Entities = Mapping[str, Callable[[dict[str, Any]], Any]]


@dataclass
class Subgraph:
    """`root` holds root fields as values or functions(**arguments); `entities` resolve representations by type.

    Objects are dicts; a function in one is called with the field's arguments; `__typename` tells abstract types apart.
    """

    sdl: str
    root: Mapping[str, Any] = field(default_factory=dict)
    entities: Entities = field(default_factory=dict)

    def executable(self) -> GraphQLSchema:
        text = self.sdl + _FEDERATION
        objects = [name for name in self.entities if f"interface {name} " not in self.sdl]
        if self.entities:
            text += f"union _Entity = {' | '.join(objects)}\n"
            text += "extend type Query { _entities(representations: [_Any!]!): [_Entity]! }\n"
        if "type Query" not in self.sdl:
            text = text.replace("extend type Query", "type Query", 1)
        document = parse(text)
        schema = build_ast_schema(document, assume_valid=True, assume_valid_sdl=True)
        for abstract in schema.type_map.values():
            if hasattr(abstract, "resolve_type"):
                abstract.resolve_type = lambda value, *_: value["__typename"]
        return schema


def source(subgraph_name: str, sdl: str) -> SubgraphSource:
    return SubgraphSource(subgraph_name, f"http://{subgraph_name}.test/graphql", sdl)


@dataclass
class InProcessClient:
    """`broken` subgraphs raise, or answer with the given object, whatever they are asked."""

    subgraphs: Mapping[str, Subgraph]
    calls: list[SubgraphRequest] = field(default_factory=list)
    broken: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._schemas = {name: subgraph.executable() for name, subgraph in self.subgraphs.items()}

    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        self.calls.append(request)
        if request.subgraph in self.broken:
            return self._break(request.subgraph)
        result = execute(**self._arguments(request))
        if not hasattr(result, "formatted"):
            result = await result
        return read_answer(request.subgraph, json.loads(json.dumps(result.formatted)))

    @asynccontextmanager
    async def subscribe(self, request: SubgraphRequest) -> AsyncIterator[AsyncIterator[SubgraphAnswer]]:
        self.calls.append(request)
        if request.subgraph in self.broken:
            self._break(request.subgraph)
        arguments = self._arguments(request)
        stream: Any = subscribe(**arguments)
        if not hasattr(stream, "__anext__") and not hasattr(stream, "formatted"):
            stream = await stream
        if hasattr(stream, "formatted"):
            raise SubgraphErrors(request.subgraph, [dict(error) for error in stream.formatted.get("errors", [])])

        async def answers() -> AsyncIterator[SubgraphAnswer]:
            async for result in stream:
                yield read_answer(request.subgraph, json.loads(json.dumps(result.formatted)))

        yield answers()

    def called(self) -> list[str]:
        return [request.subgraph for request in self.calls]

    def _break(self, name: str) -> SubgraphAnswer:
        answer = self.broken[name]
        if isinstance(answer, Exception):
            raise answer
        try:
            return read_answer(name, answer)
        except ValueError as error:
            raise SubgraphFailure(str(error), "SUBREQUEST_MALFORMED_RESPONSE") from error

    def _arguments(self, request: SubgraphRequest) -> dict[str, Any]:
        schema = self._schemas[request.subgraph]
        document = parse(request.text)
        problems = validate(schema, document)
        assert not problems, f"{request.subgraph} was sent an invalid document: {problems}\n{request.text}"
        subgraph = self.subgraphs[request.subgraph]
        return {
            "schema": schema,
            "document": document,
            "root_value": {**subgraph.root, "_entities": _resolve_entities(subgraph.entities)},
            "variable_values": json.loads(json.dumps(dict(request.variables))),
            "field_resolver": _resolve,
        }


def _resolve_entities(entities: Entities) -> Callable[..., list[Any]]:
    def resolve(representations: list[dict[str, Any]]) -> list[Any]:
        found = []
        for representation in representations:
            entity = entities[representation["__typename"]](representation)
            if isinstance(entity, dict):
                entity = {"__typename": representation["__typename"], **entity}
            found.append(entity)
        return found

    return resolve


def _resolve(parent: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = parent.get(info.field_name) if isinstance(parent, dict) else None
    value = value(**arguments) if callable(value) else value
    if isinstance(value, GraphQLError):
        raise value
    return value


WIDE = Limits(max_depth=200, max_cost=10**9)
"""Lets odd shapes through that are about something else."""


class Federation:
    """Subgraphs, composed, with a pipeline over them."""

    def __init__(self, **subgraphs: Subgraph) -> None:
        self.draw = 0.0
        self.sdl = compose_supergraph([source(name, subgraph.sdl) for name, subgraph in subgraphs.items()])
        self.supergraph = load_supergraph(self.sdl)
        self.client = InProcessClient(subgraphs)
        self.pipeline = Pipeline(self.supergraph, self.client, metrics=Metrics(), limits=WIDE, draw=lambda: self.draw)

    async def run(self, query: str, headers: Mapping[str, str] | None = None, **variables: Any) -> dict[str, Any]:
        self.client.calls.clear()
        request = GraphQLRequest(query, None, variables, headers or {})
        return await self.pipeline.execute(self.pipeline.prepare(request), request)

    async def run_unawaited(self, query: str) -> dict[str, Any]:
        """The same in callbacks, as the server's direct way does it."""
        self.client.calls.clear()
        request = GraphQLRequest(query, None, {}, {})
        prepared = await self.pipeline.planned(self.pipeline.prepare(request), request)
        assert prepared.only_fetches
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self.pipeline.begin(prepared, request, lambda _: None, answer)
        return await answer

    async def data(self, query: str, **variables: Any) -> Any:
        answer = await self.run(query, **variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def policy(self, query: str, **variables: Any) -> CachePolicy | None:
        """What may be said to caches of the answer."""
        request = GraphQLRequest(query, None, variables, {})
        return (await self.pipeline.planned(self.pipeline.prepare(request), request)).cache

    def plan(self, query: str, **conditions: bool) -> str:
        return plan_text(self.supergraph, query, **conditions)


def planned(supergraph: Supergraph, query: str, **conditions: bool) -> Plan:
    document = parse(query)
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return plan_operation(supergraph, document, operation, conditions)


def plan_text(supergraph: Supergraph, query: str, **conditions: bool) -> str:
    return print_plan(planned(supergraph, query, **conditions))


def same_plan(actual: str, expected: str) -> None:
    """Compare plans line by line, indentation of the expected text aside."""

    def lines(text: str) -> list[str]:
        return [line.strip() for line in text.strip().splitlines()]

    assert lines(actual) == lines(expected), actual
