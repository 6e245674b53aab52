"""A network between a client and a server that is slow, falls silent, loses an answer or is cut."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self


@dataclass
class _Way:
    """One direction of all connections; ``held``: pieces that had to wait."""

    flowing: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0


class NetworkProxy:
    """Passes bytes on until told otherwise; nobody is told of what it does, as in a real network."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._up, self._down = _Way(), _Way()
        self.dropping = False
        """An answer is still to be lost."""
        self.latency = 0.0
        """Seconds by which each piece is late, either way."""
        self.refusing = False
        self.accepted = 0
        self.dropped = 0
        """Answers that were lost, each with its connection."""
        self.losing: bytes | None = None
        """A request that holds this is still to be lost, so often."""
        self._to_lose = 0
        self.lost = 0
        """Requests that were lost, each with its connection."""
        self.cut_off = 0
        """Connections that were reset."""

    async def __aenter__(self) -> Self:
        self.thaw()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self.cut()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def open_connections(self) -> int:
        return len(self._writers) // 2

    @property
    def held(self) -> int:
        """Pieces that did not go through when they came, so far."""
        return self._up.held + self._down.held

    def cut(self) -> None:
        """Every connection is reset."""
        for writer in list(self._writers):
            writer.transport.abort()
        self.cut_off += self.open_connections

    def freeze(self, *, up: bool = True, down: bool = True) -> None:
        """Nothing goes through any more on its way to the server (``up``) or from it."""
        if up:
            self._up.flowing.clear()
        if down:
            self._down.flowing.clear()

    def thaw(self) -> None:
        self._up.flowing.set()
        self._down.flowing.set()

    def drop_reply(self) -> None:
        """The server's next answer is lost, and the connection that it came on."""
        self.dropping = True

    def lose_request(self, holding: bytes, times: int = 1) -> None:
        """The next requests that hold these bytes do not arrive, and their connections are lost."""
        self.losing, self._to_lose = holding, times

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.refusing:
            writer.transport.abort()
            return
        self.accepted += 1
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        pumps = [
            asyncio.create_task(self._pump(reader, far_writer, self._up)),
            asyncio.create_task(self._pump(far_reader, writer, self._down)),
        ]
        self._tasks.update(pumps)
        await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.close()
        self._writers -= ends
        for pump in pumps:
            pump.cancel()
        self._tasks.difference_update(pumps)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, way: _Way) -> None:
        with suppress(OSError):
            while data := await reader.read(65536):
                way.held += not way.flowing.is_set()
                await way.flowing.wait()
                if self.latency:
                    await asyncio.sleep(self.latency)
                if self.dropping and way is self._down:
                    self.dropping = False
                    self.dropped += 1
                    return
                if self.losing and way is self._up and self.losing in data:
                    self._to_lose -= 1
                    self.losing = self.losing if self._to_lose else None
                    self.lost += 1
                    return
                writer.write(data)
                await writer.drain()
