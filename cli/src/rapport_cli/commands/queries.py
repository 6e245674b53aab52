"""`rapport whoami` and `rapport query`."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from rapport_cli.commands.common import Email, Gateway, Password, connected, run_command
from rapport_cli.console import out
from rapport_cli.errors import CliError

ME = "query Me { me { id email name role title } }"


def whoami(gateway: Gateway = None, email: Email = None, password: Password = None) -> None:
    """Show the account in use."""

    async def work() -> int:
        async with connected(gateway, email, password) as to:
            me = (await to.session.execute(ME, repeatable=True))["me"]
        out.print(f"{me['name']} <{me['email']}> {me['role']} {me['id']}", markup=False)
        return 0

    run_command(work())


def query(
    file: Annotated[str, typer.Argument(help="A file with one GraphQL document, or - for standard input.")],
    variables: Annotated[str, typer.Option(help="Variables as a JSON object.")] = "{}",
    gateway: Gateway = None,
    email: Email = None,
    password: Password = None,
) -> None:
    """Run a GraphQL document and print the answer as JSON. Exit code 1 when the answer has errors."""

    async def work() -> int:
        document = _read(file)
        async with connected(gateway, email, password) as to:
            answer = await to.session.request(document, _variables(variables))
        typer.echo(json.dumps(answer, ensure_ascii=False, indent=2))
        return 1 if answer.get("errors") else 0

    run_command(work())


def _read(file: str) -> str:
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CliError(f"{file} cannot be read: {error}", code="FILE_UNREADABLE") from error


def _variables(text: str) -> dict[str, object]:
    try:
        variables = json.loads(text)
    except ValueError as error:
        raise CliError(f"--variables is not JSON: {error}", code="BAD_VARIABLES") from error
    if not isinstance(variables, dict):
        raise CliError("--variables is not a JSON object.", code="BAD_VARIABLES")
    return variables
