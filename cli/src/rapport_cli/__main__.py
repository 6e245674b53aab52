"""The `rapport` command."""

import typer

from rapport_cli.commands import exports, imports, integrators, queries, replays, sample, schema

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
    help="Work with Rapport from the command line, through its public GraphQL API.",
)
app.add_typer(imports.app, name="import")
app.add_typer(exports.app, name="export")
app.add_typer(integrators.app, name="integrator")
app.add_typer(sample.app, name="sample")
app.add_typer(schema.app, name="schema")
app.command("whoami")(queries.whoami)
app.command("query")(queries.query)
app.command("replay")(replays.replay)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
