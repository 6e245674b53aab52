"""What waits to be written to one client that holds a connection open: bounded in number and in bytes."""

from __future__ import annotations

import asyncio
from collections import deque

from rapport_gateway.subgraphs.signals import Signal


class SlowClient(Exception):
    """The client did not read for too long."""


class Outbox:
    """`patience` (seconds): how long one message may wait for a place."""

    def __init__(self, *, size: int, max_bytes: int, patience: float) -> None:
        self._size = size
        self._max_bytes = max_bytes
        self._patience = patience
        self._messages: deque[bytes] | None = None  # idle clients are many
        self._bytes = 0
        self._ended = False
        self._arrived = Signal()
        self._taken = Signal()

    async def put(self, message: bytes) -> None:
        """Waits while the client is slow. Raises SlowClient."""
        if self._is_full:
            try:
                async with asyncio.timeout(self._patience):
                    while self._is_full:
                        await self._taken.wait()
            except TimeoutError:
                raise SlowClient from None
        self._append(message)

    def end(self, last: bytes = b"", *, drop: bool = False) -> None:
        """Nothing comes after `last`, which needs no place; `drop` forgets what still waits."""
        if drop:
            self._messages = None
            self._bytes = 0
        if last:
            self._append(last)
        self._ended = True
        self._arrived.wake()

    async def take(self) -> bytes | None:
        """The next message; None after the last one."""
        while not self._messages:
            if self._ended:
                return None
            await self._arrived.wait()
        return self.take_now()

    def take_now(self) -> bytes | None:
        """The next message; None where none waits."""
        if not self._messages:
            self._messages = None
            return None
        message = self._messages.popleft()
        self._bytes -= len(message)
        self._taken.wake()
        return message

    def _append(self, message: bytes) -> None:
        if not self._ended:
            if self._messages is None:
                self._messages = deque()
            self._messages.append(message)
            self._bytes += len(message)
            self._arrived.wake()

    @property
    def _is_full(self) -> bool:
        return not self._ended and (len(self._messages or ()) >= self._size or self._bytes >= self._max_bytes)
