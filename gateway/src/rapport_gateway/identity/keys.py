"""The public keys of an issuer, from its JWKS URL."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import orjson
from jwt import PyJWK, PyJWKSet
from jwt.exceptions import PyJWTError

_LOG = logging.getLogger("rapport_gateway.identity")
_REFRESH_SECONDS = 300.0
_RETRY_SECONDS = 5.0
_TIMEOUT_SECONDS = 5.0
_MAX_BYTES = 1024 * 1024

FetchKeys = Callable[[], Awaitable[dict[str, Any]]]


class KeySet:
    """Fetched when needed, by one request at a time, and kept while the issuer is away."""

    def __init__(self, fetch: FetchKeys, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str | None, PyJWK] = {}
        self._fetched_at = float("-inf")
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, key_id: str | None) -> PyJWK | None:
        """The key, looked for anew where it is unknown or the set is old, but not more often than now and then."""
        if self._is_due(key_id):
            async with self._asking:
                if self._is_due(key_id):
                    await self._refresh()
        return self._keys.get(key_id)

    @property
    def are_missing(self) -> bool:
        """Whether they could never be had so far."""
        return self._fetched_at == float("-inf")

    def _is_due(self, key_id: str | None) -> bool:
        now = self._clock()
        is_old = now - self._fetched_at > _REFRESH_SECONDS
        return (is_old or key_id not in self._keys) and now - self._asked_at > _RETRY_SECONDS

    async def _refresh(self) -> None:
        try:
            keys = PyJWKSet.from_dict(await self._fetch()).keys
        except (OSError, TimeoutError, ValueError, AttributeError, PyJWTError, aiohttp.ClientError) as error:
            _LOG.warning("the keys that tokens are signed with cannot be had: %r", error)
            return
        finally:
            self._asked_at = self._clock()
        self._keys = {key.key_id: key for key in keys}
        if len(keys) == 1:
            self._keys[None] = keys[0]  # a token of an issuer with one key need not say which
        self._fetched_at = self._clock()


def keys_from(url: str) -> FetchKeys:
    async def fetch() -> dict[str, Any]:
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as answer:
            answer.raise_for_status()
            body = await answer.content.read(_MAX_BYTES + 1)
            while len(body) <= _MAX_BYTES and (more := await answer.content.read(_MAX_BYTES)):
                body += more
        if len(body) > _MAX_BYTES:
            raise ValueError("the key set is too large")
        found: dict[str, Any] = orjson.loads(body)
        return found

    return fetch
