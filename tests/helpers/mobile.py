"""A mobile client: a copy of the list of leads, kept up over a socket or an event stream that may break at any time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from staff import Staff

_FOLLOW = """
subscription($after: String) {
  customerChanged(filter: {stage: {eq: LEAD}}, after: $after) { kind id cursor node { id version name } }
}"""
_LIST = """
query($after: String) {
  customers(filter: {stage: {eq: LEAD}}, first: 100, after: $after) {
    nodes { id version name } pageInfo { hasNextPage endCursor }
  }
}"""
_BEGIN = "{ customerChanges(filter: {stage: {eq: LEAD}}) { cursor changes { kind } } }"


class Interrupted(Exception):
    """The subscription ended with what the gateway said: some part of the system is away."""


@dataclass
class Mobile:
    """A copy of the list of leads, kept up by what the connection lets through."""

    by: Staff
    transport: str
    cursor: str | None = None
    copy: dict[str, Any] = field(default_factory=dict)
    resets: int = 0

    async def fetch(self) -> dict[str, Any]:
        """The list as a query finds it."""
        found: dict[str, Any] = {}
        after, more = None, True
        while more:
            page = (await self.by.ask(_LIST, after=after))["customers"]
            found |= {node["id"]: node for node in page["nodes"]}
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def begin(self) -> None:
        """A cursor first, the list afterwards: what happens between comes as a change."""
        self.cursor = (await self.by.ask(_BEGIN))["customerChanges"]["cursor"]
        self.copy = await self.fetch()

    async def listen(self, loses_after: int | None) -> None:
        """Take changes in until the connection breaks, in the middle of whatever comes next."""
        changes = self._socket() if self.transport == "socket" else self._stream()
        async with changes as received:
            taken = 0
            async for change in received:
                if taken == loses_after:
                    return  # it came, but the client never got it
                await self._take(change)
                taken += 1

    async def _take(self, change: Any) -> None:
        if change["kind"] == "RESET":
            self.resets += 1
            self.copy = await self.fetch()
        elif change["kind"] == "LEAVE":
            self.copy.pop(change["id"], None)
        else:
            self.copy[change["id"]] = change["node"]
        self.cursor = change["cursor"]

    @asynccontextmanager
    async def _socket(self) -> AsyncIterator[AsyncIterator[Any]]:
        url, payload = self.by.gateway.replace("http", "ws", 1), {"authorization": f"Bearer {self.by.access_token}"}
        async with aiohttp.ClientSession() as http:
            socket = await http.ws_connect(url, protocols=("graphql-transport-ws",))
            await socket.send_json({"type": "connection_init", "payload": payload})
            answer = await socket.receive()
            if answer.type is not aiohttp.WSMsgType.TEXT or answer.json()["type"] != "connection_ack":
                raise Interrupted(answer)
            asked = {"query": _FOLLOW, "variables": {"after": self.cursor}}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": asked})

            async def changes() -> AsyncIterator[Any]:
                async for message in socket:
                    if message.type is not aiohttp.WSMsgType.TEXT:
                        raise Interrupted(message)
                    said = message.json()
                    if said["type"] == "ping":
                        await socket.send_json({"type": "pong"})
                    elif said["type"] == "next":
                        yield _change(said["payload"])
                    else:
                        raise Interrupted(said)

            yield changes()
            connection = socket._response.connection
            if connection is not None and connection.transport is not None:
                connection.transport.abort()  # no goodbye: as a network that is gone

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[AsyncIterator[Any]]:
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {self.by.access_token}"}
        asked = {"query": _FOLLOW, "variables": {"after": self.cursor}}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.by.gateway, json=asked, headers=headers) as answer,
        ):

            async def changes() -> AsyncIterator[Any]:
                async for line in answer.content:
                    if line.startswith(b"data:") and len(line) > 8:
                        yield _change(orjson.loads(line.removeprefix(b"data:")))

            yield changes()
            answer.close()


def _change(payload: Any) -> Any:
    if payload.get("errors"):
        raise Interrupted(payload)
    return payload["data"]["customerChanged"]
