"""What became of each row: four counts that add up, and one line per problem."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from rapport_cli.console import err
from rapport_cli.errors import CliError
from rapport_cli.importing.rows import RowProblem

REPORT_COLUMNS = ("severity", "row", "key", "column", "code", "message")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem of one row. An error refused the row; a warning left something of it out."""

    severity: str
    row: int
    key: str
    problem: RowProblem

    def cells(self) -> tuple[str, ...]:
        """In the order of REPORT_COLUMNS."""
        problem = self.problem
        return (self.severity, str(self.row), self.key, problem.column, problem.code, problem.message)

    def __str__(self) -> str:
        key = f" [{self.key}]" if self.key else ""
        column = f" {self.problem.column}:" if self.problem.column else ""
        return f"{self.severity} row {self.row}{key}{column} {self.problem.code}: {self.problem.message}"


class Sink(Protocol):
    """Takes findings as they come."""

    def __call__(self, finding: Finding) -> None:
        """Show or store one finding."""


class Tally:
    """Counts of an import. Every row ends in exactly one of the four."""

    def __init__(self, *sinks: Sink) -> None:
        self.created = self.updated = self.unchanged = self.failed = 0
        self.warnings = 0
        self._sinks = sinks

    @property
    def rows(self) -> int:
        """Rows settled so far."""
        return self.created + self.updated + self.unchanged + self.failed

    def fail(self, row: int, key: str, problem: RowProblem) -> None:
        """The row is refused."""
        self.failed += 1
        self._tell(Finding("error", row, key, problem))

    def warn(self, row: int, key: str, problem: RowProblem) -> None:
        """The row goes on, with something left out."""
        self.warnings += 1
        self._tell(Finding("warning", row, key, problem))

    def summary(self) -> str:
        """One line for the end."""
        counts = f"created {self.created}, updated {self.updated}, unchanged {self.unchanged}, failed {self.failed}"
        return f"{self.rows} rows: {counts}" + (f" ({self.warnings} warnings)" if self.warnings else "")

    def _tell(self, finding: Finding) -> None:
        for sink in self._sinks:
            sink(finding)


def show(finding: Finding) -> None:
    """One line on stderr."""
    err.print(str(finding), style="red" if finding.severity == "error" else "yellow", markup=False)


@contextmanager
def report_file(path: Path | None) -> Iterator[tuple[Sink, ...]]:
    """A sink that writes findings to a CSV file, if one is named; with a mark, so that spreadsheets see UTF-8."""
    if path is None:
        yield ()
        return
    try:
        stream = path.open("w", encoding="utf-8-sig", newline="")
    except OSError as error:
        raise CliError(f"The report {path} cannot be written: {error.strerror}", code="FILE_UNWRITABLE") from error
    with stream:
        writer = csv.writer(stream)
        writer.writerow(REPORT_COLUMNS)
        yield (lambda finding: writer.writerow(finding.cells()),)
