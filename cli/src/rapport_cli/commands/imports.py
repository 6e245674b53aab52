"""`rapport import customers | users`."""

from contextlib import ExitStack
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from rapport_cli.commands.common import Email, Gateway, Password, connected, run_command
from rapport_cli.console import out, percent_progress
from rapport_cli.importing.customer_values import CUSTOMER_FIELDS
from rapport_cli.importing.customers import CustomerImporter, CustomerOptions
from rapport_cli.importing.engine import BATCHES_AT_A_TIME, Importer, ImportRun
from rapport_cli.importing.mapping import FieldMapping, read_mapping
from rapport_cli.importing.people import UserDirectory
from rapport_cli.importing.rows import CsvTable, open_table
from rapport_cli.importing.tally import Tally, report_file, show
from rapport_cli.importing.users import USER_COLUMNS, UserImporter

MAPPING_HELP = """
\b
A mapping says which column fills which field:
  name=FirstName+LastName      two columns, joined
  name=Company|Contact         the first that is not empty
  source='chinook'             a constant
  phone="Phone, office"        a column name with special characters
or the path of a TOML file:
  source_name = "chinook"
  [fields]
  externalId = "CustomerId"
  name = "FirstName+LastName"
  [values.stage]
  "潜在客户" = "LEAD"

Rows are matched by externalId, so an import can be repeated. Exit code 0: all rows went in, 1: some were refused,
2: nothing more could be done (usage, sign-in, connection).
"""

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Take customers or staff from a CSV file.")


class KindChoice(StrEnum):
    """What a row of customers is about."""

    PERSON = "PERSON"
    COMPANY = "COMPANY"
    AUTO = "AUTO"


File = Annotated[Path, typer.Argument(help="CSV file with a header; delimiter and encoding are found out.")]
MappingOption = Annotated[str, typer.Option(help="field=column,… or the path of a .toml file (see above).")]
SourceName = Annotated[str, typer.Option(help="Namespace of the keys: `chinook` stores key 12 as chinook:12.")]
Encoding = Annotated[str, typer.Option(help="auto (UTF-8, GB18030, UTF-16) or a name such as cp1252.")]
Batch = Annotated[int, typer.Option(min=1, max=100, help="Rows per look-up.")]
Report = Annotated[Path | None, typer.Option(help="Write every finding to this CSV file.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check and compare only; the API has the last word later.")]


@app.command("customers", help=f"Create and update customers. Fields: {', '.join(CUSTOMER_FIELDS)}.\n{MAPPING_HELP}")
def import_customers(
    file: File,
    *,
    mapping: MappingOption,
    kind: Annotated[
        KindChoice | None,
        typer.Option(
            case_sensitive=False,
            help="PERSON (default; a company becomes a tag), COMPANY, or AUTO: rows with a company are companies.",
        ),
    ] = None,
    source_name: SourceName = "",
    lenient: Annotated[
        bool,
        typer.Option("--lenient", help="Leave out a refused phone or mail address (with a warning), keep the row."),
    ] = False,
    dry_run: DryRun = False,
    batch: Batch = 50,
    report: Report = None,
    encoding: Encoding = "auto",
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Create and update customers."""

    async def work() -> int:
        fields = _mapping(mapping, source_name)
        options = CustomerOptions(fields, kind, dry_run=dry_run, lenient=lenient)
        with ExitStack() as open_files:
            table, tally = _open(open_files, file, encoding, report)
            fields.check(known=CUSTOMER_FIELDS, required=("externalId",), header=table.header)
            async with connected(gateway, email, password) as to:
                importer = CustomerImporter(to.session, UserDirectory(to.session), tally, options)
                return await _run("customers", importer, table, tally, batch_size=batch, parallel=BATCHES_AT_A_TIME)

    run_command(work())


@app.command("users", help=f"Create staff accounts. Fields: {', '.join(USER_COLUMNS)}.\n{MAPPING_HELP}")
def import_users(
    file: File,
    *,
    mapping: MappingOption,
    role: Annotated[str, typer.Option(help="Role of rows without a mapped one, such as SALES or MANAGER.")] = "SALES",
    source_name: SourceName = "",
    dry_run: DryRun = False,
    batch: Batch = 50,
    report: Report = None,
    encoding: Encoding = "auto",
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Create staff accounts."""

    async def work() -> int:
        fields = _mapping(mapping, source_name)
        with ExitStack() as open_files:
            table, tally = _open(open_files, file, encoding, report)
            fields.check(known=USER_COLUMNS, required=("externalId", "email", "name"), header=table.header)
            async with connected(gateway, email, password) as to:
                directory = UserDirectory(to.session)
                importer = UserImporter(to.session, directory, tally, fields, role=role.upper(), dry_run=dry_run)
                return await _run("users", importer, table, tally, batch_size=batch, parallel=1)

    run_command(work())


def _mapping(text: str, source_name: str) -> FieldMapping:
    fields = read_mapping(text)
    return replace(fields, source_name=source_name) if source_name else fields


def _open(files: ExitStack, file: Path, encoding: str, report: Path | None) -> tuple[CsvTable, Tally]:
    table = files.enter_context(open_table(file, encoding=encoding))
    return table, Tally(show, *files.enter_context(report_file(report)))


async def _run(
    noun: str, importer: Importer[Any], table: CsvTable, tally: Tally, *, batch_size: int, parallel: int
) -> int:
    run = ImportRun(importer, tally, batch_size=batch_size, parallel=parallel)
    try:
        with percent_progress() as progress:
            bar = progress.add_task(noun, total=table.size)
            await run.run(table, lambda: progress.update(bar, completed=table.position))
    finally:
        out.print(f"{noun}: {tally.summary()}", markup=False)
    return 1 if tally.failed else 0
