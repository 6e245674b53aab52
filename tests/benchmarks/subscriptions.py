"""What ten thousand idle subscriptions take, and how long one event takes to reach them all.

    python -m tests.benchmarks.subscriptions [NUMBER]

Prints the gateway's memory without clients and with them, each a WebSocket with one subscription, then, for a few
events, the time until the last client has it and the gateway's processor time for that. All on this machine.
"""

from __future__ import annotations

import asyncio
import base64
import os
import resource
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import orjson
from gateway.tests.gateway_process import Gateway, gateway_before, subgraph_server
from gateway.tests.subgraph_world import LINK, Subgraph

from rapport_gateway.supergraph.composition import SubgraphSource

EVENTS = 5
AT_ONCE = 200
SDL = "type Query { now: Int } type Subscription { news: News } type News { number: Int! text: String }"
QUERY = "subscription { news { number text } }"
_HANDSHAKE = (
    b"GET /graphql HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
    b"sec-websocket-version: 13\r\nsec-websocket-protocol: graphql-transport-ws\r\nsec-websocket-key: %s\r\n\r\n"
)


class Newsroom:
    """The subgraph's events."""

    def __init__(self) -> None:
        self.number = 0
        self._changed = asyncio.Condition()

    async def publish(self) -> None:
        async with self._changed:
            self.number += 1
            self._changed.notify_all()

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        while True:
            async with self._changed:
                await self._changed.wait()
            yield {"news": {"number": self.number, "text": "something happened to a customer of yours"}}


class Client(asyncio.Protocol):
    """As little of a WebSocket client as will do: small, whole messages."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._data = b""
        self._is_upgraded = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(_HANDSHAKE % base64.b64encode(os.urandom(16)))

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_upgraded:
            head, end, self._data = self._data.partition(b"\r\n\r\n")
            if not end:
                self._data = head
                return
            self._is_upgraded = True
            self._send({"type": "connection_init"})
        while len(self._data) >= 4:
            start, size = (2, self._data[1]) if self._data[1] < 126 else (4, int.from_bytes(self._data[2:4]))
            if len(self._data) < start + size:
                return
            message = self._data[start : start + size]
            is_text = self._data[0] == 0x81
            self._data = self._data[start + size :]
            if is_text:
                self._take(orjson.loads(message))

    def connection_lost(self, exc: Exception | None) -> None:
        self._clients.lost += 1

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "connection_ack":
            self._send({"id": "1", "type": "subscribe", "payload": {"query": QUERY}})
            self._clients.subscribed.release()
        elif message["type"] == "next":
            self._clients.note(message["payload"]["data"]["news"]["number"])

    def _send(self, message: dict[str, Any]) -> None:
        text = orjson.dumps(message)
        self._transport.write(bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text)  # masked with zeros


class Clients:
    def __init__(self) -> None:
        self.subscribed = asyncio.Semaphore(AT_ONCE)
        self.lost = 0
        self._received: dict[int, int] = {}
        self._waited: tuple[int, int] = (0, 0)
        self._all = asyncio.Event()

    async def connect(self, number: int, port: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(number):
            await self.subscribed.acquire()
            await loop.create_connection(lambda: Client(self), "127.0.0.1", port)

    def note(self, event: int) -> None:
        self._received[event] = self._received.get(event, 0) + 1
        if (event, self._received[event]) == self._waited:
            self._all.set()

    def expect(self, event: int, number: int) -> asyncio.Event:
        self._waited = (event, number)
        self._all.clear()
        return self._all


async def main(number: int) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4 * number + 1000), hard))
    newsroom = Newsroom()
    subgraph = Subgraph(SDL, {"now": 1, "news": lambda _: newsroom.follow()})
    with tempfile.TemporaryDirectory() as folder:
        async with subgraph_server("news", subgraph) as server:
            sources = [SubgraphSource("news", server.url, LINK + SDL)]
            shared = {"RAPPORT_GATEWAY_SUBSCRIPTION_SHARED": "*", "RAPPORT_GATEWAY_SUBSCRIPTION_SOCKET_AGE": "600"}
            async with gateway_before(Path(folder), sources, **shared) as gateway:
                await _measure(gateway, newsroom, number)


async def _measure(gateway: Gateway, newsroom: Newsroom, number: int) -> None:
    await gateway.post("{ now }")
    print(f"gateway alone: {_megabytes(gateway):.0f} MB")
    clients, began = Clients(), time.perf_counter()
    await clients.connect(number, int(gateway.url.rpartition(":")[2]))
    await asyncio.sleep(5)
    print(f"{number} subscriptions: {_megabytes(gateway):.0f} MB, opened in {time.perf_counter() - began - 5:.1f} s")
    for _ in range(EVENTS):
        arrived = clients.expect(newsroom.number + 1, number)
        began, used = time.perf_counter(), _cpu_seconds(gateway)
        await newsroom.publish()
        async with asyncio.timeout(60):
            await arrived.wait()
        print(
            f"one event to all: {time.perf_counter() - began:.2f} s, "
            f"{1e6 * (_cpu_seconds(gateway) - used) / number:.0f} µs of the gateway's processor for each"
        )
    print(f"afterwards: {_megabytes(gateway):.0f} MB; lost: {clients.lost}")


def _megabytes(gateway: Gateway) -> float:
    text = Path(f"/proc/{gateway.process.pid}/smaps_rollup").read_text()
    return int(text.partition("\nPss:")[2].split()[0]) / 1024


def _cpu_seconds(gateway: Gateway) -> float:
    fields = Path(f"/proc/{gateway.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
