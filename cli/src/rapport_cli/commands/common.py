"""What every command shares: connection options, and errors that become one line and exit code 2."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from rapport_cli.client import GraphQLClient, open_client
from rapport_cli.console import err
from rapport_cli.errors import CliError
from rapport_cli.session import Session
from rapport_cli.settings import resolve_connection

Gateway = Annotated[
    str | None,
    typer.Option(
        envvar="RAPPORT_GATEWAY_URL", help="GraphQL address. Default: the running system's .rapport/run.json."
    ),
]
Email = Annotated[
    str | None, typer.Option(envvar="RAPPORT_EMAIL", help="Account to work as. Default: run.json's ADMIN.")
]
Password = Annotated[
    str | None, typer.Option(envvar="RAPPORT_PASSWORD", help="Its password; better given in the environment.")
]


@dataclass(frozen=True, slots=True)
class Connected:
    """An open client and the session of the chosen account."""

    client: GraphQLClient
    session: Session


@asynccontextmanager
async def connected(gateway: str | None, email: str | None, password: str | None) -> AsyncIterator[Connected]:
    """The connection that the options, the environment and the run file describe."""
    connection = resolve_connection(gateway, email, password, start=Path.cwd())
    async with open_client(connection.gateway) as client:
        yield Connected(client, Session(client, connection.credentials))


def run_command(work: Coroutine[Any, Any, int]) -> None:
    """Run to the end and leave with its exit code; 2 for usage, sign-in and transport errors."""
    try:
        code = asyncio.run(work)
    except CliError as error:
        err.print(f"error {error.code}: {error}", style="red", markup=False)
        raise typer.Exit(2) from error
    raise typer.Exit(code)
