"""Waiting for what happens elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


async def eventually(look: Callable[[], Awaitable[Any]], *, seconds: float = 30) -> Any:
    """Wait until `look` finds something; the test fails with what it saw last."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not (seen := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"still {seen!r} after {seconds} s"
        await asyncio.sleep(0.02)
    return seen
