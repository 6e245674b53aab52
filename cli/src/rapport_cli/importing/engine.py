"""The way of a file: rows are prepared one by one, stored batch by batch, several batches at a time."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Generic, Protocol, TypeVar

from rapport_cli.importing.rows import BadRow, Row, RowProblem
from rapport_cli.importing.tally import Tally

P = TypeVar("P")

BATCHES_AT_A_TIME = 4


class RowRefusedError(Exception):
    """A row that cannot go in, found before anything was sent."""

    def __init__(self, problem: RowProblem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class Importer(Protocol[P]):
    """What the engine needs to know about a noun."""

    def key_of(self, row: Row) -> str:
        """The row's external id, empty when it has none."""

    def prepare(self, row: Row) -> P:
        """The row's values. Raises RowRefusedError."""

    async def store(self, batch: list[P]) -> None:
        """Settle every row of the batch in the tally."""

    async def finish(self) -> None:
        """Settle what was put off."""


class ImportRun(Generic[P]):
    """One pass over a file."""

    def __init__(self, importer: Importer[P], tally: Tally, *, batch_size: int, parallel: int) -> None:
        self._importer = importer
        self._tally = tally
        self._batch_size = batch_size
        self._slots = asyncio.Semaphore(parallel)
        # Row number by key. Keys are all that is kept of a row.
        self._seen: dict[str, int] = {}

    async def run(self, rows: Iterable[Row | BadRow], on_row: Callable[[], None]) -> None:
        """Take every row; the first error of the transport ends the run once the batches under way are done."""
        running: set[asyncio.Task[None]] = set()
        batch: list[P] = []
        try:
            for row in rows:
                on_row()
                batch.extend(self._prepared(row))
                if len(batch) == self._batch_size:
                    await self._start(batch, running)
                    batch = []
            if batch:
                await self._start(batch, running)
        finally:
            results = await asyncio.gather(*running, return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result
        await self._importer.finish()

    async def _start(self, batch: list[P], running: set[asyncio.Task[None]]) -> None:
        await self._slots.acquire()
        for task in [task for task in running if task.done()]:
            running.discard(task)
            task.result()
        running.add(asyncio.create_task(self._store(batch)))

    async def _store(self, batch: list[P]) -> None:
        try:
            await self._importer.store(batch)
        finally:
            self._slots.release()

    def _prepared(self, row: Row | BadRow) -> list[P]:
        if isinstance(row, BadRow):
            self._tally.fail(row.number, "", row.problem)
            return []
        key = self._importer.key_of(row)
        try:
            self._check_key(key, row.number)
            return [self._importer.prepare(row)]
        except RowRefusedError as refusal:
            self._tally.fail(row.number, key, refusal.problem)
            return []

    def _check_key(self, key: str, number: int) -> None:
        if not key:
            raise RowRefusedError(RowProblem("MISSING_KEY", "the row has no key (externalId)"))
        first = self._seen.setdefault(key, number)
        if first != number:
            raise RowRefusedError(RowProblem("DUPLICATE_KEY", f"the key stands in row {first} already"))
