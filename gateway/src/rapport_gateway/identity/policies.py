"""Which policies a client satisfies, asked of whoever decides about them, for tokens do not know of changes."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable

import aiohttp
import orjson

from rapport_gateway.planning.permits import Granted

_LOG = logging.getLogger("rapport_gateway.identity")
_TIMEOUT_SECONDS = 2.0
_REMEMBERED_SECONDS = 2.0
_MAX_REMEMBERED = 5_000
_MAX_BYTES = 64 * 1024

Decide = Callable[[str, frozenset[str]], Awaitable[frozenset[str]]]
"""Of the policies, those that the sender of an `authorization` header satisfies. Raises OSError, TimeoutError or
ValueError where nobody says."""


class Undecided(Exception):
    """It cannot be found out what a client holds; `held` is what is known of it."""

    def __init__(self, held: Granted) -> None:
        super().__init__()
        self.held = held


class Policies:
    """Answers are remembered for two seconds, so that a page asks once."""

    def __init__(self, decide: Decide, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._decide = decide
        self._clock = clock
        self._remembered: dict[tuple[str, frozenset[str]], tuple[float, frozenset[str]]] = {}

    async def satisfied(self, authorization: str, asked: frozenset[str]) -> frozenset[str] | None:
        """Those of the asked ones that the client satisfies; None where nobody says."""
        key = (authorization, asked)
        until, known = self._remembered.get(key, (float("-inf"), None))
        if known is not None and self._clock() < until:
            return known
        try:
            found = (await self._decide(authorization, asked)) & asked
        except (OSError, TimeoutError, ValueError) as error:
            _LOG.warning("nobody decides about policies: %r", error)
            return None
        if len(self._remembered) >= _MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[key] = (self._clock() + _REMEMBERED_SECONDS, found)
        return found


def decided_at(url: str) -> Decide:
    """`POST {"policies": [name, …]}` with the client's `authorization`; answered with
    `{"policies": {name: true or false}}`."""

    async def decide(authorization: str, asked: frozenset[str]) -> frozenset[str]:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        headers = {"authorization": authorization, "content-type": "application/json"}
        body = orjson.dumps({"policies": sorted(asked)})
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(url, data=body, headers=headers) as answer,
            ):
                answer.raise_for_status()
                found = orjson.loads(await answer.content.read(_MAX_BYTES))
        except aiohttp.ClientError as error:
            raise ConnectionError(type(error).__name__) from error
        decisions = found.get("policies") if isinstance(found, dict) else None
        if not isinstance(decisions, dict):
            raise ValueError("no decisions")
        return frozenset(name for name, decision in decisions.items() if decision is True)

    return decide
