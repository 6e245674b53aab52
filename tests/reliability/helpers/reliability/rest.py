"""Waiting until the system has nothing left to do, and checking what it did."""

import time
from collections.abc import Sequence
from contextlib import suppress

from waiting import eventually

from rapport_shared.mongo import DatabaseError
from reliability.checker import Command, Violation, violations
from reliability.facts import EndState

DRAIN_SECONDS = 120
"""Sixty of them are what the embedded database keeps a document locked whose writer was killed."""


async def come_to_rest(state: EndState, *, seconds: float = DRAIN_SECONDS) -> float:
    """Wait until nothing waits anywhere, or the time is over; the seconds that took."""
    started = time.monotonic()

    async def at_rest() -> bool:
        try:
            return not any((await state.waiting()).values()) and await state.unhandled() == 0
        except DatabaseError:
            return False

    with suppress(AssertionError):  # the check says what is left
        await eventually(at_rest, seconds=seconds)
    return time.monotonic() - started


async def broken_promises(state: EndState, commands: Sequence[Command]) -> list[Violation]:
    """What the end state shows."""
    return violations(await state.read(), commands)
