"""A client that repeats a command until it knows what became of it."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from gql.transport.exceptions import TransportError
from staff import sign_in

from rapport_local.testing import Account

_ATTEMPT_SECONDS = 40
_SLOW_SECONDS = 1.0
# Refusals that pass by themselves: this service has not heard yet of what the command refers to.
_LATER = frozenset({"CUSTOMER_NOT_FOUND"})


@dataclass
class Seen:
    """What clients saw: ``troubles`` by kind; ``slow``: commands that took more than a second; in seconds."""

    troubles: Counter[str] = field(default_factory=Counter)
    commands: int = 0
    slow: int = 0
    slowest: float = 0.0

    def took(self, seconds: float) -> None:
        """Note one command's time until its client knew the outcome."""
        self.commands += 1
        self.slow += seconds > _SLOW_SECONDS
        self.slowest = max(self.slowest, seconds)


class Uncertain(Exception):
    """The time ran out before the command's outcome was known."""


@dataclass
class Client:
    """Speaks to the gateway as one account; every attempt of a command has the command's id as its request id."""

    gateway: str
    account: Account
    http: aiohttp.ClientSession
    seen: Seen = field(default_factory=Seen)
    give_up_at: float = float("inf")
    """By the monotonic clock."""
    _token: str | None = None

    async def run(self, command_id: str, name: str, selection: str, given: Mapping[str, Any]) -> Any:
        """The payload of the mutation ``name``. Raises Uncertain."""
        document = (
            f"mutation($input: {name[0].upper()}{name[1:]}Input!) "
            f"{{ {name}(input: $input) {{ {selection} userErrors {{ code }} }} }}"
        )
        started, pause = time.monotonic(), 0.1
        while time.monotonic() < self.give_up_at:
            trouble, payload = await self._attempt(command_id, name, document, given)
            if trouble is None:
                self.seen.took(time.monotonic() - started)
                return payload
            self.seen.troubles[trouble] += 1
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)
        raise Uncertain(command_id)

    async def _attempt(
        self, command_id: str, name: str, document: str, given: Mapping[str, Any]
    ) -> tuple[str | None, Any]:
        """What went wrong, or the payload."""
        try:
            token = self._token or await self._sign_in()
            headers = {"authorization": f"Bearer {token}", "x-request-id": command_id}
            body = {"query": document, "variables": {"input": given}}
            async with self.http.post(self.gateway, json=body, headers=headers) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TransportError, OSError, TimeoutError, ValueError) as failure:
            return type(failure).__name__, None
        if answer.get("errors"):
            code = str(answer["errors"][0].get("extensions", {}).get("code"))
            if code == "UNAUTHENTICATED":
                self._token = None
            return code, None
        payload = answer["data"][name]
        later = [error["code"] for error in payload["userErrors"] if error["code"] in _LATER]
        return (later[0], None) if later else (None, payload)

    async def _sign_in(self) -> str:
        self._token = (await sign_in(self.gateway, self.account)).access_token
        return self._token


def http_session() -> aiohttp.ClientSession:
    """For many clients at once."""
    return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_ATTEMPT_SECONDS))
