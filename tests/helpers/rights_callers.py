"""Callers of the running system: through the gateway, or at a service's own door as the gateway calls it."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jwt

from rapport_local.testing import RunningSystem

GATEWAY = "gateway"
RENEW_SECONDS = 240.0  # access tokens last ten minutes, the tests of a slow machine longer
MAX_MUTATIONS = 6
"""In one operation: on a slow machine, too, it is done before the gateway gives up waiting."""


@dataclass(frozen=True)
class Doors:
    """Where the system answers, and what the gateway shows to services."""

    system: RunningSystem
    http: aiohttp.ClientSession

    def url(self, target: str) -> str:
        """Of the gateway, or of a service."""
        return self.system.gateway if target == GATEWAY else self.system.subgraphs[target]

    def headers(self, target: str) -> dict[str, str]:
        """A service answers who shows a service credential."""
        if target == GATEWAY:
            return {}
        now = int(time.time())
        claims = {"aud": target, "iat": now, "exp": now + 60}
        token = jwt.encode(claims, self.system.addresses.service_key, "HS256", headers={"typ": "svc+jwt"})
        return {"service-authorization": f"Bearer {token}"}


@dataclass
class Person:
    """Somebody signed in, or a program with an API key; ``renew`` gets another token."""

    id: str
    role: str
    token: str
    doors: Doors
    renew: Callable[[], Awaitable[str]] | None = None
    since: float = field(default_factory=time.monotonic)

    async def bearer(self) -> str:
        """The header's value, of a token that lasts for a while."""
        if self.renew is not None and time.monotonic() - self.since > RENEW_SECONDS:
            self.token, self.since = await self.renew(), time.monotonic()
        return f"Bearer {self.token}"

    async def ask(self, target: str, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer."""
        headers = {"authorization": await self.bearer(), **self.doors.headers(target)}
        body = {"query": document, "variables": variables or {}}
        async with self.doors.http.post(self.doors.url(target), json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def data(self, target: str, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer without errors."""
        answer = await self.ask(target, document, variables)
        assert "errors" not in answer, answer["errors"][:3]
        found: dict[str, Any] = answer["data"]
        return found

    async def mutate(
        self, target: str, selection: str, calls: Sequence[tuple[str, dict[str, Any]]]
    ) -> list[dict[str, Any]]:
        """The payloads of several mutations, a few in each operation."""
        payloads: list[dict[str, Any]] = []
        for first in range(0, len(calls), MAX_MUTATIONS):
            some = calls[first : first + MAX_MUTATIONS]
            payloads += (await self.data(target, *mutations(selection, some))).values()
        return payloads

    @asynccontextmanager
    async def listening(self, target: str, name: str, after: str) -> AsyncIterator["Heard"]:
        """What a subscription is told while the block runs, of all that happened behind the cursor."""
        heard, headers = Heard(), self.doors.headers(target)
        url = self.doors.url(target).replace("http", "ws", 1)
        protocols = ("graphql-transport-ws",)
        async with self.doors.http.ws_connect(url, protocols=protocols, headers=headers) as socket:
            await socket.send_json({"type": "connection_init", "payload": {"authorization": await self.bearer()}})
            assert (await socket.receive_json())["type"] == "connection_ack"
            query = f"subscription($after: String) {{ {name}(after: $after) {{ kind id node {{ id }} }} }}"
            payload = {"query": query, "variables": {"after": after}}
            await socket.send_json({"id": name, "type": "subscribe", "payload": payload})
            collecting = asyncio.create_task(heard.collect(socket))
            try:
                yield heard
            finally:
                collecting.cancel()


@dataclass
class Heard:
    """The ids of records that a socket has heard of, by subscription; ``pulled`` is what was asked for afterwards."""

    ids: dict[str, set[str]] = field(default_factory=dict)
    errors: list[Any] = field(default_factory=list)
    pulled: set[str] = field(default_factory=set)

    async def collect(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Until it is closed."""
        async for message in socket:
            said = message.json()
            if said["type"] == "next" and said["payload"].get("data"):
                (change,) = said["payload"]["data"].values()
                self.ids.setdefault(said["id"], set()).add(change["id"])
            elif said["type"] == "ping":
                await socket.send_json({"type": "pong"})
            elif said["type"] in {"error", "next"}:
                self.errors.append(said)


def mutations(selection: str, calls: Sequence[tuple[str, dict[str, Any]]]) -> tuple[str, dict[str, Any]]:
    """One operation of several mutations, and its variables."""
    types = ", ".join(f"$i{n}: {name[0].upper()}{name[1:]}Input!" for n, (name, _) in enumerate(calls))
    asked = "userErrors { code path }"
    fields = " ".join(f"m{n}: {name}(input: $i{n}) {{ {selection} {asked} }}" for n, (name, _) in enumerate(calls))
    return f"mutation({types}) {{ {fields} }}", {f"i{n}": given for n, (_, given) in enumerate(calls)}
