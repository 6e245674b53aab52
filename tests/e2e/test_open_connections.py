"""Connections that stay open, through the gateway: event streams, and how both they and sockets end with a session."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson
from staff import Staff, make_customer, sign_in

from rapport_local.testing import RunningSystem

FOLLOW = "subscription { customerChanged { kind id node { name owner { name } } } }"
SECONDS = 30


@asynccontextmanager
async def event_stream(by: Staff) -> AsyncIterator[aiohttp.StreamReader]:
    """The body of the answer, with its first comment taken: the subscription is on its way."""
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {by.access_token}"}
    async with (
        aiohttp.ClientSession() as http,
        http.post(by.gateway, json={"query": FOLLOW}, headers=headers) as answer,
    ):
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readline() == b":\n"
        await asyncio.sleep(1.0)  # the protocol has no answer to a subscription
        yield answer.content


async def next_event(body: aiohttp.StreamReader) -> tuple[str, Any]:
    async with asyncio.timeout(SECONDS):
        while not (line := await body.readline()).startswith(b"event:"):
            assert line
        data = (await body.readline()).removeprefix(b"data:").strip()
        return line.removeprefix(b"event:").strip().decode(), orjson.loads(data) if data else None


async def test_changes_come_as_an_event_stream_until_the_session_ends(
    admin: Staff, running_system: RunningSystem
) -> None:
    listener = await sign_in(running_system.gateway, running_system.accounts["support"])
    async with event_stream(listener) as body:
        customer = await make_customer(admin, name="李雷")
        while (event := await next_event(body))[1]["data"]["customerChanged"]["id"] != customer:
            assert event[0] == "next"
        change = event[1]["data"]["customerChanged"]
        assert (change["kind"], change["node"]["owner"]["name"]) == ("ENTER", "Administrator")
        await listener.do("signOut", "__typename", refreshToken=listener.refresh_token)
        while "errors" not in (event := await next_event(body))[1]:
            assert event[0] == "next"
        assert event[1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await next_event(body) == ("complete", None)
        assert (await body.read()).strip() == b""


async def test_a_socket_is_closed_so_that_its_client_comes_again_with_another_token(
    running_system: RunningSystem,
) -> None:
    listener = await sign_in(running_system.gateway, running_system.accounts["support"])
    url = running_system.gateway
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=("graphql-transport-ws",)) as socket,
    ):
        init = {"type": "connection_init", "payload": {"authorization": f"Bearer {listener.access_token}"}}
        await socket.send_json(init)
        assert await socket.receive_json(timeout=SECONDS) == {"type": "connection_ack"}
        await socket.send_json({"type": "subscribe", "id": "s", "payload": {"query": FOLLOW}})
        await asyncio.sleep(1.0)
        await listener.do("signOut", "__typename", refreshToken=listener.refresh_token)
        async with asyncio.timeout(SECONDS):
            messages = [orjson.loads(message.data) async for message in socket]
        assert "UNAUTHENTICATED" in str(messages)
        assert socket.close_code == 4403
