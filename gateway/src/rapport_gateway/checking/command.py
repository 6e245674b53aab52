"""`check` on the command line."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from rapport_gateway.checking.check import check
from rapport_gateway.checking.recorded import read_operations
from rapport_gateway.checking.report import as_data, as_text
from rapport_gateway.composing import compose_supergraph
from rapport_gateway.sources import InvalidSource, from_arguments, from_config, read_sources
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.supergraph.composition import SubgraphSource


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is in force, what is proposed, and what clients send."""
    given = parser.add_mutually_exclusive_group(required=True)
    given.add_argument("--subgraph", action="append", metavar="NAME=URL@FILE", dest="sources")
    given.add_argument("--config", metavar="FILE", help="YAML or JSON that names the subgraphs")
    parser.add_argument(
        "--proposed", action="append", default=[], metavar="NAME=FILE", help="another SDL of a subgraph"
    )
    parser.add_argument("--supergraph", metavar="FILE", help="what is in force, where it is not what --subgraph gives")
    parser.add_argument(
        "--operations", action="append", default=[], metavar="PATH", help="documents or manifests, a file or a folder"
    )
    parser.add_argument("--only-used", action="store_true", help="pass breaking changes that break no operation")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")


def run(options: argparse.Namespace, credentials: ServiceCredentials) -> bool:
    """Whether the proposal passes. Raises InvalidSource, CompositionFailed, InvalidSupergraph, OSError, …"""
    named = from_config(options.config) if options.config else from_arguments(options.sources)
    sources = read_sources(named, credentials)
    current = _read(options.supergraph) if options.supergraph else compose_supergraph(sources)
    proposed = _with_proposals(sources, options.proposed)
    report = check(current, proposed, read_operations(map(Path, options.operations)))
    passes = report.passes(only_used=options.only_used)
    if options.json:
        sys.stdout.write(orjson.dumps(as_data(report, passes=passes), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(as_text(report, passes=passes))
    return passes


def _with_proposals(sources: Sequence[SubgraphSource], texts: Sequence[str]) -> list[SubgraphSource]:
    found = {source.name: source for source in sources}
    for text in texts:
        name, equals, file = text.partition("=")
        if not (name and equals and file):
            raise InvalidSource(f"--proposed {text!r} is not of the form NAME=FILE")
        url = found[name].url if name in found else f"http://{name}.invalid/graphql"
        found[name] = SubgraphSource(name, url, _read(file))
    return list(found.values())


def _read(file: str) -> str:
    return Path(file).read_text(encoding="utf-8")
