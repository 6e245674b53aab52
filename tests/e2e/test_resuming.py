"""A mobile client whose connection breaks again and again: it goes on where it was, over sockets and event streams."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
import pytest
from staff import Staff, make_customer
from waiting import eventually

FOLLOW = """
subscription($after: String) {
  customerChanged(filter: {stage: {eq: LEAD}}, after: $after) { kind id cursor node { id version name } }
}"""
LIST = """
query($after: String) {
  customers(filter: {stage: {eq: LEAD}}, first: 100, after: $after) {
    nodes { id version name } pageInfo { hasNextPage endCursor }
  }
}"""
BEGIN = "{ customerChanges(filter: {stage: {eq: LEAD}}) { cursor changes { kind } } }"
ROUNDS = 12


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
            page = (await self.by.ask(LIST, after=after))["customers"]
            found |= {node["id"]: node for node in page["nodes"]}
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found

    async def begin(self) -> None:
        """A cursor first, the list afterwards: what happens between comes as a change."""
        self.cursor = (await self.by.ask(BEGIN))["customerChanges"]["cursor"]
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
            assert (await socket.receive_json())["type"] == "connection_ack"
            asked = {"query": FOLLOW, "variables": {"after": self.cursor}}
            await socket.send_json({"id": "1", "type": "subscribe", "payload": asked})

            async def changes() -> AsyncIterator[Any]:
                async for message in socket:
                    said = message.json()
                    if said["type"] == "ping":
                        await socket.send_json({"type": "pong"})
                    else:
                        assert said["type"] == "next", said
                        yield said["payload"]["data"]["customerChanged"]

            yield changes()
            connection = socket._response.connection
            if connection is not None and connection.transport is not None:
                connection.transport.abort()  # no goodbye: as a network that is gone

    @asynccontextmanager
    async def _stream(self) -> AsyncIterator[AsyncIterator[Any]]:
        headers = {"accept": "text/event-stream", "authorization": f"Bearer {self.by.access_token}"}
        asked = {"query": FOLLOW, "variables": {"after": self.cursor}}
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.by.gateway, json=asked, headers=headers) as answer,
        ):

            async def changes() -> AsyncIterator[Any]:
                async for line in answer.content:
                    if line.startswith(b"data:") and len(line) > 8:
                        yield orjson.loads(line.removeprefix(b"data:"))["data"]["customerChanged"]

            yield changes()
            answer.close()


async def work(admin: Staff, mine: list[str], chance: random.Random, number: int) -> None:
    """Something happens to a customer."""
    if not mine or chance.random() < 0.3:
        mine.append(await make_customer(admin, name=f"Mobile {number}"))
        return
    customer = chance.choice(mine)
    match chance.randrange(4):
        case 0:
            await admin.do("deleteCustomer", "__typename", id=customer)
        case 1:
            await admin.do("restoreCustomer", "__typename", id=customer)
        case 2:
            await admin.do("updateCustomer", "__typename", id=customer, stage=chance.choice(["LEAD", "OPPORTUNITY"]))
        case _:
            await admin.do("updateCustomer", "__typename", id=customer, name=f"Renamed {number}")


@pytest.mark.parametrize("transport", ["socket", "stream"])
async def test_a_client_that_keeps_losing_its_connection_has_what_a_query_finds(
    admin: Staff, support: Staff, transport: str
) -> None:
    chance = random.Random(transport)
    mine: list[str] = []
    mobile = Mobile(support, transport)
    await mobile.begin()
    for number in range(ROUNDS):
        listening = asyncio.create_task(mobile.listen(chance.choice([0, 1, 2])))
        for _ in range(chance.randrange(1, 5)):
            await work(admin, mine, chance, number)
        if chance.random() < 0.5:
            listening.cancel()  # asleep, whatever has come
        await asyncio.wait([listening], timeout=2)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)
    listening = asyncio.create_task(mobile.listen(None))

    async def has_all() -> bool:
        assert not listening.done(), listening.exception()
        return mobile.copy == await mobile.fetch()

    await eventually(has_all)
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    assert mobile.resets == 0
    assert len(mine) > 1
