"""CSV files as they come: unknown encoding and delimiter, broken lines; read as a stream."""

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

from rapport_cli.errors import CliError

DELIMITERS = ",;\t|"
HIGH_BYTES = re.compile(rb"[\x80-\xff]+")
QUOTED = re.compile(r'"[^"]*"')
UNDECODABLE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Row:
    """One data row. `number` counts as spreadsheets do: the header is row 1."""

    number: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """Why a row cannot be taken; `column` is empty when the whole row is meant."""

    code: str
    message: str
    column: str = ""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row whose cells cannot be trusted."""

    number: int
    problem: RowProblem


class CsvTable:
    """An open CSV file. Iterating reads row by row; `position` of `size` bytes have been read."""

    def __init__(self, stream: BinaryIO, *, encoding: str, size: int) -> None:
        self._stream = stream
        self.encoding = encoding
        self.size = size
        # Bytes that are not text in this encoding are carried along and found again, row by row.
        text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
        self._text = text
        self.delimiter = _delimiter(text.readline())
        text.seek(0)
        self._reader = csv.reader(text, delimiter=self.delimiter)
        self.header = self._read_header()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._text.close()

    @property
    def position(self) -> int:
        """Bytes read so far."""
        return self._stream.tell()

    def __iter__(self) -> Iterator[Row | BadRow]:
        number = 1
        while True:
            number += 1
            try:
                cells = next(self._reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield BadRow(number, RowProblem("UNREADABLE_ROW", f"not readable as CSV: {error}"))
                continue
            if cells:
                yield self._row(number, cells)

    def _row(self, number: int, cells: list[str]) -> Row | BadRow:
        width = len(self.header)
        if len(cells) < width or any(cells[width:]):
            message = f"{len(cells)} columns where the header has {width}"
            return BadRow(number, RowProblem("WRONG_COLUMN_COUNT", message))
        for name, cell in zip(self.header, cells, strict=False):
            if UNDECODABLE.search(cell):
                message = (
                    f"a byte that is not {self.encoding} text; if the whole file is in another one, say --encoding"
                )
                return BadRow(number, RowProblem("BAD_ENCODING", message, name))
        return Row(number, dict(zip(self.header, (cell.strip() for cell in cells), strict=False)))

    def _read_header(self) -> tuple[str, ...]:
        try:
            header = tuple(name.strip() for name in next(self._reader))
        except (StopIteration, csv.Error) as error:
            raise CliError("The file has no header row.", code="NO_HEADER") from error
        named = [name for name in header if name]
        twice = {name for name in named if named.count(name) > 1}
        if not named:
            raise CliError("The file has no header row.", code="NO_HEADER")
        if twice:
            raise CliError(f"The header names a column twice: {', '.join(sorted(twice))}.", code="DUPLICATE_COLUMN")
        return header


def open_table(path: Path, *, encoding: str = "auto") -> CsvTable:
    """Open a CSV file with a header.

    Raises CliError with FILE_UNREADABLE, UNKNOWN_ENCODING, NO_HEADER or DUPLICATE_COLUMN.
    """
    try:
        chosen = detect_encoding(path) if encoding == "auto" else codecs.lookup(encoding).name
        stream = path.open("rb")
    except OSError as error:
        raise CliError(f"{path} cannot be read: {error.strerror}", code="FILE_UNREADABLE") from error
    except LookupError as error:
        raise CliError(f"There is no encoding named {encoding!r}.", code="UNKNOWN_ENCODING") from error
    return CsvTable(stream, encoding=chosen, size=path.stat().st_size)


def detect_encoding(path: Path) -> str:
    """utf-16 by its mark, else UTF-8, else GB18030 where most lines speak for it.

    A UTF-8 file with a few broken lines stays UTF-8, so that just those rows are refused. GB18030 accepts nearly any
    bytes, West European exports too; but Chinese text comes in runs of an even number of high bytes and those do not.
    """
    good = bad = paired = single = 0
    with path.open("rb") as stream:
        if stream.read(2) in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
            return "utf-16"
        stream.seek(0)
        for line in stream:
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                good += 1
            except UnicodeDecodeError:
                bad += 1
                runs = [len(run) % 2 for run in HIGH_BYTES.findall(line)]
                single += sum(runs)
                paired += len(runs) - sum(runs)
    return "gb18030" if bad > good and paired > single else "utf-8-sig"


def _delimiter(header: str) -> str:
    """The candidate that stands most often in the header outside quotes; a comma where none does."""
    return max(DELIMITERS, key=QUOTED.sub("", header).count)
