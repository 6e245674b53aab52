"""`rapport schema …`: the gateway's own commands about schemas, where it is installed beside."""

import importlib.util
import subprocess
import sys

import typer

from rapport_cli.console import err

app = typer.Typer(no_args_is_help=True, help="Look at schemas (with the gateway that is installed beside).")
GATEWAY = "rapport_gateway"
_AS_THEY_ARE = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


@app.command("check", context_settings=_AS_THEY_ARE)
def check(context: typer.Context) -> None:
    """Say whether proposed subgraph SDLs compose, and what and whom they break. --help lists the options."""
    raise typer.Exit(run_gateway("check", *context.args))


@app.command("compose", context_settings=_AS_THEY_ARE)
def compose(context: typer.Context) -> None:
    """Make a supergraph of subgraph SDLs. --help lists the options."""
    raise typer.Exit(run_gateway("compose", *context.args))


def run_gateway(*arguments: str) -> int:
    """Run a command of the gateway in a process of its own; its exit code, or 2 where it is not installed."""
    if importlib.util.find_spec(GATEWAY) is None:
        err.print("error GATEWAY_MISSING: install rapport-gateway in this environment", style="red", markup=False)
        return 2
    return subprocess.run([sys.executable, "-m", GATEWAY, *arguments], check=False).returncode  # noqa: S603
