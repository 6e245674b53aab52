"""Many mutations by many authors: full requests, several at a time, patient with what a service does not know yet."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rapport_cli.batch import Call, Executor, Outcome, chunks, send
from rapport_cli.client import Json
from rapport_cli.errors import CliError, UserError

REQUESTS_AT_A_TIME = 5

# A service hears of other services' records over the bus; until then it does not know them.
NOT_YET_KNOWN = "NOT_FOUND"
TRIES = 10
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """One record on its way: its key, who sends it, and what."""

    key: str
    author_key: str
    call: Call


class StepRunner:
    """Sends steps as their authors."""

    def __init__(self, session_of: Callable[[str], Executor]) -> None:
        self._session_of = session_of

    async def run(
        self, steps: Sequence[Step], settled: Callable[[int], None], *, accepted: frozenset[str] = frozenset()
    ) -> dict[str, Json]:
        """The records by key. `settled` hears how many more are done; errors of an `accepted` code count as done.

        Raises CliError SAMPLE_REFUSED when the API refuses a record, after all others were sent.
        """
        slots = asyncio.Semaphore(REQUESTS_AT_A_TIME)
        records: dict[str, Json] = {}
        refused: list[str] = []

        async def deliver(piece: list[Step]) -> None:
            async with slots:
                outcomes = await self._patiently(piece)
            for step, outcome in outcomes:
                if outcome.record is not None and not outcome.errors:
                    records[step.key] = outcome.record
                elif not outcome.errors or not {error.code for error in outcome.errors} <= accepted:
                    refused.append(f"{step.key}: {_reason(outcome.errors)}")
            settled(len(piece))

        try:
            async with asyncio.TaskGroup() as group:
                for piece in _pieces(steps):
                    group.create_task(deliver(piece))
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        if refused:
            more = f" (and {len(refused) - 1} more)" if len(refused) > 1 else ""
            raise CliError(f"The API refused {refused[0]}{more}", code="SAMPLE_REFUSED")
        return records

    async def _patiently(self, piece: list[Step]) -> list[tuple[Step, Outcome]]:
        settled: list[tuple[Step, Outcome]] = []
        waiting = piece
        for attempt in range(1, TRIES + 1):
            outcomes = await send(self._session_of(piece[0].author_key), [step.call for step in waiting])
            results = list(zip(waiting, outcomes, strict=True))
            unknown = [step for step, outcome in results if _not_yet(outcome)] if attempt < TRIES else []
            settled.extend((step, outcome) for step, outcome in results if step not in unknown)
            if not unknown:
                break
            waiting = unknown
            await asyncio.sleep(PAUSE_SECONDS)
        return settled


def _pieces(steps: Sequence[Step]) -> list[list[Step]]:
    """Requests of one author each, those with the oldest records first."""
    by_author: dict[str, list[tuple[int, Step]]] = defaultdict(list)
    for position, step in enumerate(steps):
        by_author[step.author_key].append((position, step))
    pieces = [piece for own in by_author.values() for piece in chunks(own)]
    return [[step for _, step in piece] for piece in sorted(pieces, key=lambda piece: piece[0][0])]


def _not_yet(outcome: Outcome) -> bool:
    return any(error.code.endswith(NOT_YET_KNOWN) for error in outcome.errors)


def _reason(errors: Sequence[UserError]) -> str:
    return "; ".join(f"{error.code} {error.message}" for error in errors) or "no record was given"
