"""`rapport export customers`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rapport_cli.commands.common import Email, Gateway, Password, connected, run_command
from rapport_cli.console import err
from rapport_cli.errors import CliError
from rapport_cli.exporting import parts, target

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Take customers away as a table.")


class FormatChoice(StrEnum):
    """How rows are written."""

    CSV = "CSV"
    NDJSON = "NDJSON"


@app.callback()
def _exports() -> None:
    """Keeps the noun a word of its own, though it is the only one."""


@app.command("customers")
def export_customers(
    *,
    form: Annotated[
        FormatChoice, typer.Option("--format", case_sensitive=False, help="CSV, or NDJSON: one JSON object a line.")
    ] = FormatChoice.CSV,
    filtered: Annotated[
        str, typer.Option("--filter", help='As the API takes it, in JSON: {"stage": {"eq": "CUSTOMER"}}.')
    ] = "",
    search: Annotated[str, typer.Option(help="Only customers in which this text is found.")] = "",
    columns: Annotated[str, typer.Option(help="Fields, joined by commas: id,name,custom.level. Default: all.")] = "",
    output: Annotated[Path | None, typer.Option(help="The file to write. Default: standard output.")] = None,
    batch: Annotated[int, typer.Option(min=1, max=500, help="Customers per request.")] = 500,
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Write customers as a table, the oldest first. Exit code 2 when it is not all of them."""

    async def work() -> int:
        asked = {"format": form.value, "first": batch, **_asked(filtered, search, columns)}
        count = 0
        async with connected(gateway, email, password) as to:
            with target(output) as write:
                async for content, rows in parts(to.session, asked):
                    write(content)
                    count += rows
        err.print(f"customers: {count} exported", markup=False)
        return 0

    run_command(work())


def _asked(filtered: str, search: str, columns: str) -> dict[str, Any]:
    """What of the input was given. Raises CliError."""
    asked: dict[str, Any] = {"search": search} if search else {}
    if columns:
        asked["columns"] = [name.strip() for name in columns.split(",")]
    if filtered:
        try:
            asked["filter"] = json.loads(filtered)
        except ValueError as error:
            raise CliError(f"--filter is not JSON: {error}", code="BAD_FILTER") from error
    return asked
