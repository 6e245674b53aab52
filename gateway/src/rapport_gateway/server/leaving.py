"""Clients that leave before they have their answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from rapport_gateway.server.exchange import Disconnected, Exchange
from rapport_gateway.server.lean import ON_LEAVE
from rapport_gateway.server.replies import Receive

T = TypeVar("T")


async def while_waited_for(work: Coroutine[Any, Any, T], exchange: Exchange, *, to_the_end: bool) -> T:
    """Ends the work when the client leaves, and the calls of subgraphs with it, unless it must go on `to_the_end`.

    To be called when the body has been read. Raises what the work raises, and Disconnected.
    """
    if to_the_end:
        return await work
    when_left = exchange.scope.get("extensions", {}).get(ON_LEAVE)
    if when_left is None:
        return await _watched(work, exchange.receive)
    task = asyncio.current_task()
    assert task is not None  # noqa: S101  (ASGI servers run applications in tasks)
    when_left(task.cancel)
    return await work


async def _watched(work: Coroutine[Any, Any, T], receive: Receive) -> T:
    working = asyncio.ensure_future(work)
    leaving = asyncio.ensure_future(_departure(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise Disconnected
        return working.result()
    finally:
        working.cancel()
        leaving.cancel()


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
