"""What execution needs of a transport. Tests serve it in process, production over HTTP and WebSocket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from rapport_gateway.errors import DOWNSTREAM_SERVICE_ERROR, ErrorDict, ErrorPolicy

# They differ from request to request, and are no part of who asks.
_OF_A_REQUEST = frozenset({"x-request-id", "traceparent", "tracestate"})

Identity = tuple[tuple[str, str], ...]


class ForwardedHeaders(dict[str, str]):
    """The headers of one request, for all that is asked for it: nobody may change them. What they are on the wire, and
    who asks by them, is found out once."""

    __slots__ = ("identity", "lines")

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.identity: Identity | None = None
        self.lines: bytes | None = None


def identity_of(headers: Mapping[str, str]) -> Identity:
    """Of forwarded headers those that say who asks."""
    if not isinstance(headers, ForwardedHeaders):
        return _identity(headers)
    if headers.identity is None:
        headers.identity = _identity(headers)
    return headers.identity


def _identity(headers: Mapping[str, str]) -> Identity:
    return tuple(sorted((name, value) for name, value in headers.items() if name not in _OF_A_REQUEST))


@dataclass(slots=True)
class SubgraphRequest:
    """One GraphQL request. `kind` is `query`, `mutation` or `subscription`; only queries may be sent again."""

    subgraph: str
    kind: str
    text: str
    variables: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(slots=True)
class SubgraphAnswer:
    """`data` is None where the subgraph gave none; `errors` are GraphQL errors as received."""

    data: dict[str, Any] | None
    errors: list[dict[str, Any]] = field(default_factory=list)


class SubgraphFailure(Exception):
    """No usable GraphQL answer came; the message is fit for clients, `code` says what kind of failure."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


class Interrupted(SubgraphFailure):
    """A connection could not be had or broke off, which says nothing about the operation: it may be tried again."""


class SubgraphErrors(SubgraphFailure):
    """The subgraph refused a subscription, or ended it, with GraphQL errors of its own."""

    def __init__(self, subgraph: str, errors: list[dict[str, Any]]) -> None:
        super().__init__(f"subgraph '{subgraph}' ended the subscription with an error", DOWNSTREAM_SERVICE_ERROR)
        self._subgraph = subgraph
        self._errors = errors

    def told(self, policy: ErrorPolicy) -> list[ErrorDict]:
        """As clients are told."""
        return [policy.of_subgraph(item, self._subgraph) for item in self._errors] or [
            policy.of_failure(str(self), self.code, self._subgraph)
        ]


class SubgraphClient(Protocol):
    async def execute(self, request: SubgraphRequest) -> SubgraphAnswer:
        """Raises SubgraphFailure."""
        ...

    def subscribe(self, request: SubgraphRequest) -> AbstractAsyncContextManager[AsyncIterator[SubgraphAnswer]]:
        """The stream of events; it ends when the subgraph completes. Raises SubgraphFailure, also while iterating."""
        ...


def read_answer(subgraph: str, payload: object) -> SubgraphAnswer:
    """Check the shape of a GraphQL answer. Raises ValueError with what is wrong."""
    if not isinstance(payload, dict):
        raise ValueError(f"subgraph '{subgraph}' answered with no JSON object")
    data, errors = payload.get("data"), payload.get("errors")
    if data is not None and not isinstance(data, dict):
        raise ValueError(f"subgraph '{subgraph}' answered with data that is no object")
    if errors is not None and not isinstance(errors, list):
        raise ValueError(f"subgraph '{subgraph}' answered with errors that are no list")
    if data is None and not errors:
        raise ValueError(f"subgraph '{subgraph}' answered with neither data nor errors")
    return SubgraphAnswer(data, [item if isinstance(item, dict) else {} for item in errors or ()])
