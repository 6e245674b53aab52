"""Subscriptions end when the supergraph that they were planned for is replaced; clients then subscribe again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rapport_gateway.errors import SUBSCRIPTION_SCHEMA_RELOAD, refused

_MESSAGE = "The subscription has been closed due to a schema reload; subscribe again."


class OpenSubscriptions:
    """Those of the supergraph in force."""

    def __init__(self) -> None:
        self._scopes: set[asyncio.Timeout] = set()

    @asynccontextmanager
    async def until_replaced(self) -> AsyncIterator[None]:
        """Run a block that `end` cuts off. Raises RequestRefused then."""
        try:
            async with asyncio.timeout(None) as scope:
                self._scopes.add(scope)
                try:
                    yield
                finally:
                    self._scopes.discard(scope)
        except TimeoutError:
            if scope.expired():
                raise refused(_MESSAGE, SUBSCRIPTION_SCHEMA_RELOAD) from None
            raise

    def end(self) -> None:
        """End all that are open now."""
        now = asyncio.get_running_loop().time()
        for scope in self._scopes:
            scope.reschedule(now)
        self._scopes.clear()
