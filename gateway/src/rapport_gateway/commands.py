"""The command line. Errors are one clear line each on stderr, and an exit code other than 0."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rapport_gateway.checking import command as check_command
from rapport_gateway.checking.recorded import UnreadableOperations
from rapport_gateway.composing import compose_supergraph
from rapport_gateway.errors import RequestRefused
from rapport_gateway.logs import configure_logging
from rapport_gateway.operations import prepare
from rapport_gateway.planning.permits import NOBODY
from rapport_gateway.planning.planner import plan_operation
from rapport_gateway.planning.printer import print_operation, print_plan
from rapport_gateway.planning.requests import print_requests
from rapport_gateway.server.serve import CannotListen, serve
from rapport_gateway.server.service_access import service_credentials, subgraph_urls
from rapport_gateway.settings import InvalidSetting, load_settings
from rapport_gateway.sources import InvalidSource, from_arguments, from_config, read_sources
from rapport_gateway.subgraphs.client import SubgraphFailure
from rapport_gateway.subgraphs.sdl import running_sources
from rapport_gateway.supergraph.errors import CompositionFailed, InvalidSupergraph
from rapport_gateway.supergraph.loader import load_supergraph
from rapport_gateway.supergraph.model import Supergraph


class UsageError(Exception):
    """The command line asks for what cannot be done."""


class CheckFailed(Exception):
    """The check said why already."""


_COMPLAINTS = (
    UsageError,
    UnreadableOperations,
    InvalidSource,
    InvalidSetting,
    InvalidSupergraph,
    CannotListen,
    SubgraphFailure,
)


def main(arguments: Sequence[str]) -> int:
    """The exit code: 0 done, 1 the input is at fault, 2 the command line is."""
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
    except CompositionFailed as failure:
        for problem in failure.problems:
            _complain(str(problem))
    except RequestRefused as problem:
        for item in problem.errors:
            _complain(f"{item['extensions']['code']}: {item['message']}")
    except (*_COMPLAINTS, OSError) as problem:
        _complain(str(problem))
    except CheckFailed:
        pass
    else:
        return 0
    return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rapport_gateway", description="GraphQL gateway for supergraphs.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve a supergraph")
    serving.add_argument("--supergraph", metavar="FILE", help="supergraph SDL")
    serving.add_argument("--subgraph", action="append", metavar="NAME=URL", help="compose of running subgraphs")
    serving.add_argument("--host")
    serving.add_argument("--port", type=int)
    serving.add_argument("--workers", type=int, metavar="N", help="processes that serve together (default: 1)")
    serving.add_argument("--log-format", choices=("text", "json"))
    serving.add_argument("--log-level", choices=("debug", "info", "warning", "error"))
    serving.set_defaults(run=_serve)
    composing = commands.add_parser("compose", help="make a supergraph SDL of subgraph SDLs")
    given = composing.add_mutually_exclusive_group(required=True)
    given.add_argument("--subgraph", action="append", metavar="NAME=URL@FILE", dest="sources")
    given.add_argument("--config", metavar="FILE", help="YAML or JSON that names the subgraphs")
    composing.add_argument("--output", metavar="FILE", help="standard output when absent")
    composing.set_defaults(run=_compose)
    checking = commands.add_parser("check", help="say what a proposed subgraph SDL would break")
    check_command.add_arguments(checking)
    checking.set_defaults(run=_check)
    explaining = commands.add_parser("explain", help="print how an operation would be run")
    explaining.add_argument("--supergraph", metavar="FILE", required=True)
    explaining.add_argument("--operation", metavar="NAME", help="which operation, where there are several")
    explaining.add_argument(
        "--set", action="append", default=[], metavar="VARIABLE", help="@skip/@include variables that are true"
    )
    explaining.add_argument("query", help="GraphQL text, or @FILE")
    explaining.set_defaults(run=_explain)
    return parser


def _serve(options: argparse.Namespace) -> None:
    settings = load_settings(os.environ, {**vars(options), "subgraphs": ",".join(options.subgraph or ()) or None})
    configure_logging(settings.log_level, settings.log_format)
    if settings.supergraph:
        sdl = Path(settings.supergraph).read_text(encoding="utf-8")
    elif urls := subgraph_urls(settings):
        sdl = compose_supergraph(asyncio.run(running_sources(urls, service_credentials(settings))))
    else:
        raise UsageError(
            "say which supergraph to serve: --supergraph FILE or RAPPORT_GATEWAY_SUPERGRAPH, or --subgraph NAME=URL …"
        )
    try:
        serve(sdl, settings)
    except InvalidSupergraph as problem:
        raise InvalidSupergraph(f"{settings.supergraph}: {problem}") from problem


def _compose(options: argparse.Namespace) -> None:
    credentials = service_credentials(load_settings(os.environ, {}))
    named = from_config(options.config) if options.config else from_arguments(options.sources)
    sdl = compose_supergraph(read_sources(named, credentials))
    if options.output:
        # Whoever reads the file now, a serving gateway for one, sees the old text or the new.
        draft = Path(f"{options.output}.draft")
        draft.write_text(sdl, encoding="utf-8")
        draft.replace(options.output)
    else:
        sys.stdout.write(sdl)


def _check(options: argparse.Namespace) -> None:
    if not check_command.run(options, service_credentials(load_settings(os.environ, {}))):
        raise CheckFailed


def _explain(options: argparse.Namespace) -> None:
    supergraph = _load(options.supergraph)
    text = Path(options.query[1:]).read_text(encoding="utf-8") if options.query.startswith("@") else options.query
    operation = prepare(supergraph, text, options.operation)
    conditions = {name: name in options.set for name in operation.conditions}
    granted = operation.asked or NOBODY  # as for who may have everything
    plan = plan_operation(supergraph, operation.document, operation.definition, conditions, granted=granted)
    _title("Normalised operation")
    sys.stdout.write(print_operation(plan.operation) + "\n\n")
    _title("Plan")
    sys.stdout.write(print_plan(plan) + "\n\n")
    _title("Requests")
    sys.stdout.write(print_requests(plan, supergraph) + "\n")


def _load(file: str) -> Supergraph:
    try:
        return load_supergraph(Path(file).read_text(encoding="utf-8"))
    except InvalidSupergraph as problem:
        raise InvalidSupergraph(f"{file}: {problem}") from problem


def _title(text: str) -> None:
    sys.stdout.write(f"# {text}\n")


def _complain(text: str) -> None:
    sys.stderr.write(f"error: {text}\n")
