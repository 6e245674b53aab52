"""What the transports of event streams share: the streams, and the settings that they are opened with."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from rapport_gateway.errors import SUBREQUEST_FAILED, SUBREQUEST_MALFORMED_RESPONSE, SUBSCRIPTION_LOST
from rapport_gateway.subgraphs.client import (
    Interrupted,
    SubgraphAnswer,
    SubgraphErrors,
    SubgraphFailure,
    SubgraphRequest,
    read_answer,
)
from rapport_gateway.subgraphs.signals import Signal

T = TypeVar("T")
_MAX_WAITING_EVENTS = 64


@dataclass(frozen=True, slots=True)
class StreamSettings:
    """Times in seconds. `urls`: where streams are served, for subgraphs that do not serve them where they answer.

    `sse`, `resumed` and `shared` name subgraphs (`*`: all). A connection takes `per_socket` subscriptions at most, and
    those of a signed-in client only for `socket_age`, so that the subgraph looks at the credentials again now and then.
    """

    urls: Mapping[str, str] = field(default_factory=dict)
    sse: frozenset[str] = frozenset()
    resumed: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    resume_patience: float = 30.0
    per_socket: int = 100  # as many as Strawberry takes unless told otherwise
    socket_age: float = 60.0
    linger: float = 5.0
    heartbeat: float = 20.0
    stall: float = 2.0

    def over_sse(self, subgraph: str) -> bool:
        return subgraph in self.sse or "*" in self.sse

    def is_resumed(self, subgraph: str) -> bool:
        return subgraph in self.resumed or "*" in self.resumed


def connection_lost(subgraph: str) -> Interrupted:
    return Interrupted(f"subgraph '{subgraph}' closed the connection", SUBSCRIPTION_LOST)


def unreachable(subgraph: str) -> Interrupted:
    return Interrupted(f"subgraph '{subgraph}' cannot be reached", SUBREQUEST_FAILED)


class EventStream(Protocol):
    """The events of one subscription. Iteration raises SubgraphFailure, which is Interrupted when it may go on."""

    async def __anext__(self) -> SubgraphAnswer: ...

    async def close(self) -> None:
        """Ends the subscription upstream when it has not ended yet."""
        ...


class StreamTransport(Protocol):
    async def open(self, request: SubgraphRequest) -> EventStream:
        """Raises SubgraphFailure."""
        ...


class EventBuffer(Generic[T]):
    """Events on their way from a connection to the one who takes them; few may wait."""

    def __init__(self) -> None:
        self._events: deque[T] | None = None  # idle streams are many
        self._arrived = Signal()
        self._taken = Signal()
        self._failure: Exception | None = None
        self.ended = False

    @property
    def is_full(self) -> bool:
        return len(self._events or ()) >= _MAX_WAITING_EVENTS

    def put(self, event: T) -> None:
        if self._events is None:
            self._events = deque()
        self._events.append(event)
        self._arrived.wake()

    def end(self, failure: Exception | None = None) -> None:
        """What waits is still taken; then the iteration ends, or fails."""
        if not self.ended:
            self.ended = True
            self._failure = failure
            self._arrived.wake()
            self._taken.wake()

    async def room(self) -> None:
        """Waits until there is room, or the end."""
        while self.is_full and not self.ended:
            await self._taken.wait()

    async def take(self) -> T:
        """Raises StopAsyncIteration, and what it was ended with."""
        while not self._events:
            self._events = None
            if self.ended:
                raise StopAsyncIteration if self._failure is None else self._failure.with_traceback(None)
            await self._arrived.wait()
        event = self._events.popleft()
        self._taken.wake()
        return event


def read_event(subgraph: str, payload: object) -> SubgraphAnswer:
    """Raises SubgraphFailure."""
    try:
        return read_answer(subgraph, payload)
    except ValueError as error:
        message = f"subgraph '{subgraph}' sent an event that is no GraphQL answer"
        raise SubgraphFailure(message, SUBREQUEST_MALFORMED_RESPONSE) from error


def stream_errors(subgraph: str, payload: object) -> SubgraphErrors:
    errors = [item for item in payload if isinstance(item, dict)] if isinstance(payload, list) else []
    return SubgraphErrors(subgraph, errors)
