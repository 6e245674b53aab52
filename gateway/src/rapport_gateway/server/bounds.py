"""What every operation is held to while it runs: the limits of its client, and a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from rapport_gateway.errors import REQUEST_TIMEOUT, RequestRefused, refused
from rapport_gateway.server.clients import ClientLimits

T = TypeVar("T")


class Bounds:
    """`seconds` is for the whole of a query or mutation; 0 for as long as it takes."""

    def __init__(self, limits: ClientLimits | None = None, seconds: float = 0.0) -> None:
        self._limits = limits
        self._seconds = seconds or None

    @property
    def address(self) -> str:
        """Where the request comes from that is handled now; empty where clients are not limited."""
        return "" if self._limits is None else self._limits.address

    def charge(self, headers: Mapping[str, str]) -> None:
        """Raises RequestRefused."""
        if self._limits is not None:
            self._limits.charge(headers)

    async def run(self, work: Callable[[], Awaitable[T]], headers: Mapping[str, str]) -> T:
        """Raises RequestRefused, and what the work raises."""
        try:
            async with asyncio.timeout(self._seconds) as scope:
                if self._limits is None:
                    return await work()
                with self._limits.running(headers):
                    return await work()
        except TimeoutError:
            if scope.expired():
                raise too_late(self._seconds) from None
            raise

    def subscribe(
        self, answers: Callable[[], AbstractAsyncContextManager[AsyncIterator[T]]], headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[T]]:
        """Raises RequestRefused when it is entered."""
        return answers() if self._limits is None else _counted(self._limits, answers, headers)


def too_late(seconds: float | None) -> RequestRefused:
    return refused(f"The operation took longer than {seconds or 0:g} s.", REQUEST_TIMEOUT, 504)


@asynccontextmanager
async def _counted(
    limits: ClientLimits,
    answers: Callable[[], AbstractAsyncContextManager[AsyncIterator[T]]],
    headers: Mapping[str, str],
) -> AsyncIterator[AsyncIterator[T]]:
    with limits.subscribed(headers):
        async with answers() as found:
            yield found
