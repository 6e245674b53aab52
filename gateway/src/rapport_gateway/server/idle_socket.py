"""uvicorn's WebSocket protocol in less memory: what it keeps for a client counts ten thousand times."""

from __future__ import annotations

from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from rapport_gateway.subgraphs.signals import Signal


class IdleSocketProtocol(WebSocketsSansIOProtocol):
    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.queue = _Queue()  # type: ignore[assignment]
        self.writable = _Writable()  # type: ignore[assignment]

    def start_keepalive(self) -> None:
        """Called when the client is accepted: what it said in its request, and was answered, is not needed any more."""
        super().start_keepalive()
        self.request.headers.clear()
        self.response.headers.clear()
        self.scope["headers"] = []


class _Queue:
    """As much of asyncio.Queue as the protocol uses."""

    __slots__ = ("_arrived", "_messages")

    def __init__(self) -> None:
        self._messages: list[Any] = []
        self._arrived = Signal()

    def put_nowait(self, message: Any) -> None:
        self._messages.append(message)
        self._arrived.wake()

    async def get(self) -> Any:
        while not self._messages:
            await self._arrived.wait()
        return self._messages.pop(0)  # the next is read when this one is taken, so that few wait

    def empty(self) -> bool:
        return not self._messages


class _Writable:
    """As much of asyncio.Event as the protocol uses."""

    __slots__ = ("_changed", "_is_set")

    def __init__(self) -> None:
        self._is_set = True
        self._changed = Signal()

    def set(self) -> None:
        self._is_set = True
        self._changed.wake()

    def clear(self) -> None:
        self._is_set = False

    async def wait(self) -> None:
        while not self._is_set:
            await self._changed.wait()
