"""Fetching a table part by part; never more of it in memory than one part."""

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import typer

from rapport_cli.errors import CliError
from rapport_cli.session import Session

PART: Final = """
mutation ExportCustomers($input: ExportCustomersInput!) {
  exportCustomers(input: $input) { exportId columns content rows cursor userErrors { code message path } }
}"""


async def parts(session: Session, asked: Mapping[str, Any]) -> AsyncIterator[tuple[bytes, int]]:
    """The lines of each part, and how many records they are. Raises CliError with the API's code."""
    given = dict(asked)
    while True:
        # A part that is asked for again is given, and noted, again: that does no harm.
        part = (await session.execute(PART, {"input": given}, repeatable=True))["exportCustomers"]
        for fault in part["userErrors"]:
            raise CliError(fault["message"], code=fault["code"])
        yield part["content"].encode(), part["rows"]
        if part["cursor"] is None:
            return
        given |= {"columns": part["columns"], "after": part["cursor"]}


@contextmanager
def target(file: Path | None) -> Iterator[Callable[[bytes], object]]:
    """Writes to standard output, or to a file that is there only once all of it is."""
    if file is None:
        stream: BinaryIO = typer.get_binary_stream("stdout")
        yield stream.write
        stream.flush()
        return
    unfinished = file.with_name(f"{file.name}.part")
    try:
        with unfinished.open("wb") as content:
            yield content.write
        unfinished.replace(file)
    except OSError as error:
        raise CliError(f"{file} cannot be written: {error}", code="FILE_UNWRITABLE") from error
    finally:
        unfinished.unlink(missing_ok=True)
