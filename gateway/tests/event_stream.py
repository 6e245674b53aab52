"""A plain reader of event streams, and tokens that say when they expire."""

from __future__ import annotations

import base64
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from gateway.tests.gateway_process import Gateway

Event = tuple[str, Any]


def token_for(seconds: float) -> str:
    """A bearer token that expires so many seconds from now; nobody has signed it."""
    claims = base64.urlsafe_b64encode(orjson.dumps({"sub": "me", "exp": time.time() + seconds})).rstrip(b"=").decode()
    return f"Bearer e30.{claims}.c2ln"


@dataclass
class Stream:
    response: aiohttp.ClientResponse

    async def block(self) -> list[str]:
        """The lines up to the next empty one; none at the end of the answer."""
        lines: list[str] = []
        while line := (await self.response.content.readline()).decode().rstrip("\n"):
            lines.append(line)
        return lines

    async def next(self) -> Event | None:
        """The next event; None at the end of the answer."""
        while lines := await self.block():
            fields = dict(line.split(":", 1) for line in lines)
            if "event" in fields:
                data = fields["data"].strip()
                return fields["event"].strip(), orjson.loads(data) if data else None
        return None

    async def rest(self) -> list[Event]:
        events = []
        while (event := await self.next()) is not None:
            events.append(event)
        return events


@asynccontextmanager
async def opened(gateway: Gateway, query: str, **headers: str) -> AsyncIterator[Stream]:
    """The answer to an operation, asked for as an event stream by POST."""
    asked = {"accept": "text/event-stream", **headers}
    url = f"{gateway.url}/graphql"
    async with gateway.http.post(url, json={"query": query}, headers=asked, read_bufsize=2**24) as response:
        yield Stream(response)
