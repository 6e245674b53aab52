"""Waiting until the system has nothing left to do, and checking what it did."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress

from rapport_shared.mongo import DatabaseError
from reliability.checker import Command, Violation, violations
from reliability.facts import EndState

STUCK_SECONDS = 120
"""Sixty of them are what the embedded database keeps a document locked whose writer was killed."""
_LOOK_SECONDS = 0.2


async def come_to_rest(state: EndState) -> float:
    """Wait until nothing waits anywhere, or nothing has moved for so long that it is stuck; the seconds that took.

    What is left then is for the check to find: a slow machine loses nothing.
    """
    started = moved_at = time.monotonic()
    left = -1
    while left and time.monotonic() - moved_at < STUCK_SECONDS:
        await asyncio.sleep(_LOOK_SECONDS)
        before = left
        with suppress(DatabaseError):
            left = sum((await state.waiting()).values())
            left = left or await state.unhandled()
        if left != before:
            moved_at = time.monotonic()
    return time.monotonic() - started


async def broken_promises(state: EndState, commands: Sequence[Command]) -> list[Violation]:
    """What the end state shows."""
    return violations(await state.read(), commands)
