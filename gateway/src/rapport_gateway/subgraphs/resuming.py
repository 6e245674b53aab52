"""Subscriptions that survive a lost connection, for subgraphs whose streams may miss events."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from rapport_gateway.subgraphs.client import Interrupted, SubgraphAnswer, SubgraphFailure, SubgraphRequest
from rapport_gateway.subgraphs.streams import EventStream, StreamTransport, connection_lost

_FIRST_DELAY = 0.1
_LONGEST_DELAY = 5.0


class ResumingStream:
    """Subscribes again when the connection is lost, waiting longer each time, until `patience` (seconds) is over.

    `on_loss` is told of every loss. An event, or a connection that held for as long as the patience, begins anew.
    """

    def __init__(
        self,
        transport: StreamTransport,
        request: SubgraphRequest,
        stream: EventStream,
        *,
        patience: float,
        on_loss: Callable[[SubgraphFailure], None],
    ) -> None:
        self._transport = transport
        self._request = request
        self._stream: EventStream | None = stream
        self._patience = patience
        self._on_loss = on_loss
        self._delay = _FIRST_DELAY
        self._give_up_at: float | None = None
        self._opened_at = asyncio.get_running_loop().time()

    async def __anext__(self) -> SubgraphAnswer:
        while True:
            stream = self._stream or await self._reopen()
            try:
                event = await stream.__anext__()
            except Interrupted as loss:
                await self._lost(stream, loss)
                continue
            self._delay, self._give_up_at = _FIRST_DELAY, None
            return event

    async def close(self) -> None:
        if self._stream is not None:
            await self._stream.close()

    async def _lost(self, stream: EventStream, loss: Interrupted) -> None:
        self._stream = None
        await stream.close()
        now = asyncio.get_running_loop().time()
        if now - self._opened_at >= self._patience:
            self._delay, self._give_up_at = _FIRST_DELAY, None
        if self._give_up_at is None:
            self._give_up_at = now + self._patience
        if now >= self._give_up_at:
            raise loss
        self._on_loss(loss)

    async def _reopen(self) -> EventStream:
        """Raises the last failure when the patience is over, and at once when the subgraph refuses."""
        loop = asyncio.get_running_loop()
        while True:
            # Spread out, so that all streams of a connection do not come back in the same moment.
            await asyncio.sleep(self._delay * random.uniform(0.5, 1.0))
            self._delay = min(self._delay * 2, _LONGEST_DELAY)
            try:
                self._stream = await self._transport.open(self._request)
            except Interrupted as failure:
                if self._give_up_at is not None and loop.time() >= self._give_up_at:
                    raise connection_lost(self._request.subgraph) from failure
            else:
                self._opened_at = loop.time()
                return self._stream
