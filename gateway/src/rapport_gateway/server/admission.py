"""From what a client sent to a valid operation: the same rules at every door."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import orjson

from rapport_gateway.errors import METHOD_NOT_ALLOWED, RequestRefused, refused
from rapport_gateway.limits.bodies import decoded
from rapport_gateway.operations import Lru, PreparedOperation, PreparedPlan
from rapport_gateway.pipeline import Answer, GraphQLRequest, Pipeline
from rapport_gateway.planning.cache_policy import CachePolicy
from rapport_gateway.server.bounds import Bounds
from rapport_gateway.server.persisted import Documents
from rapport_gateway.server.recording import Recorder
from rapport_gateway.server.replaced import OpenSubscriptions
from rapport_gateway.server.requests import checked_payload

_KEPT_BODIES, _KEPT_BODY_BYTES = 1000, 1024 * 1024
_LARGE_BODY = 32 * 1024  # such a one is decoded once, where it is admitted: that can take many milliseconds


@dataclass(frozen=True, slots=True)
class Admitted:
    """A valid operation with everything that it needs to run."""

    pipeline: Pipeline
    operation: PreparedOperation
    request: GraphQLRequest
    bounds: Bounds

    @property
    def kind(self) -> str:
        return self.operation.kind

    async def answer(self) -> Answer:
        """Of a query or mutation. Raises RequestRefused."""
        answer, _ = await self.cacheable_answer()
        return answer

    async def cacheable_answer(self) -> tuple[Answer, CachePolicy | None]:
        """Of a query or mutation, with what may be said to caches of it. Raises RequestRefused."""
        return await self.bounds.run(self._cacheable_answer, self.request.headers)

    async def _cacheable_answer(self) -> tuple[Answer, CachePolicy | None]:
        prepared = await self.pipeline.planned(self.operation, self.request)
        return await self.pipeline.run(self.operation, prepared, self.request), prepared.cache

    def answers(self) -> AbstractAsyncContextManager[AsyncIterator[Answer]]:
        """Of a subscription. Raises RequestRefused, SubgraphFailure."""
        return self.bounds.subscribe(
            lambda: self.pipeline.subscribe(self.operation, self.request), self.request.headers
        )


@dataclass(slots=True)
class Ready:
    """A known, valid query with its plan, which subgraphs alone answer."""

    pipeline: Pipeline
    prepared: PreparedPlan
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class _KnownBody:
    """What a body that came before asks for, as long as these documents are trusted. Nobody changes the variables."""

    text: str
    name: str | None
    variables: Mapping[str, Any]
    prepared: PreparedPlan
    trusted: Mapping[str, str]


class Admission:
    """`pipeline` is that of the supergraph in force. Who needs it twice keeps it: the next time it may be another."""

    def __init__(self, pipeline: Pipeline, documents: Documents, bounds: Bounds) -> None:
        self.pipeline = pipeline
        self._bounds = bounds
        self._documents = documents
        self._bodies: Lru[bytes, _KnownBody] = Lru(_KEPT_BODIES, _KEPT_BODY_BYTES)
        self.subscriptions = OpenSubscriptions()
        self.recorder: Recorder | None = None

    def replace(self, pipeline: Pipeline) -> None:
        """For all that comes from now on; open subscriptions end."""
        self.pipeline = pipeline
        self._bodies = Lru(_KEPT_BODIES, _KEPT_BODY_BYTES)
        self.subscriptions.end()

    def ready(self, body: bytes, headers: Mapping[str, str]) -> Ready | None:
        """What can be answered without awaiting anything but subgraphs; None for everything else, also for what
        `admit` would refuse. Nothing is counted yet: that is for `charge`."""
        known = self._bodies.get(body)
        if known is None or known.trusted is not self._documents.trusted:
            known = self._known_body(body) if len(body) <= _LARGE_BODY else None
            if known is None:
                return None
            self._bodies.put(body, known, len(body))
        request = GraphQLRequest(known.text, known.name, known.variables, headers)
        return Ready(self.pipeline, known.prepared, request)

    def _known_body(self, body: bytes) -> _KnownBody | None:
        trusted = self._documents.trusted
        try:
            fields = checked_payload(orjson.loads(body))
            found = self._documents.find(fields)
            name, variables = fields.get("operationName") or None, fields.get("variables") or {}
            prepared = self.pipeline.ready(GraphQLRequest(found.text, name, variables, {}))
        except (orjson.JSONDecodeError, RequestRefused):
            return None
        if prepared is None or found.new_under is not None:
            return None
        return _KnownBody(found.text, name, variables, prepared, trusted)

    def charge(self, ready: Ready) -> None:
        """Raises RequestRefused."""
        self._bounds.charge(ready.request.headers)
        if self.recorder is not None:
            self.recorder.note(ready.request.query, ready.request.operation_name)

    async def decoded(self, body: bytes, requests: int = 1) -> object:
        """The JSON of a body of up to so many requests, whatever it is. Raises RequestRefused."""
        await self.pipeline.check_body(body, requests, self._bounds.address)
        return decoded(body)

    async def admit(self, payload: object, headers: Mapping[str, str], *, read_only: bool = False) -> Admitted:
        """`payload` is the decoded request, `headers` are those to forward. Raises RequestRefused."""
        self._bounds.charge(headers)
        fields = checked_payload(payload)
        found = self._documents.find(fields)
        name, variables = fields.get("operationName") or None, fields.get("variables") or {}
        request = GraphQLRequest(found.text, name, variables, headers)
        pipeline = self.pipeline
        operation = await pipeline.prepared(request, self._bounds.address)
        self._documents.keep(found)
        if read_only and operation.kind == "mutation":
            raise refused("Only queries may be sent by GET.", METHOD_NOT_ALLOWED, 405, headers={"allow": "POST"})
        if self.recorder is not None:
            self.recorder.note(request.query, request.operation_name)
        return Admitted(pipeline, operation, request, self._bounds)
