"""Where subgraph SDLs come from: files, running subgraphs, or a configuration file that names them all."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.sdl import running_sources
from rapport_gateway.supergraph.composition import SubgraphSource

_FORM = "routing_url: URL, and schema: with one of file: FILE, subgraph_url: URL, sdl: TEXT"


class InvalidSource(Exception):
    """The text names no subgraph; the message says how it should."""


@dataclass(frozen=True, slots=True)
class Named:
    """A subgraph by its routing URL; it is asked for its SDL, at `asked` or else there, where no `sdl` is given."""

    name: str
    url: str
    sdl: str | None = None
    asked: str | None = None


def from_arguments(texts: Sequence[str]) -> list[Named]:
    """Of `NAME=URL@FILE`, and of `NAME=URL` for subgraphs that run. Raises InvalidSource, OSError."""
    return [_from_argument(text) for text in texts]


def from_config(file: str) -> list[Named]:
    """Of a YAML or JSON file in the form of Rover's supergraph configuration; paths are relative to the file.

    Raises InvalidSource with the place in the file, OSError.
    """
    path = Path(file)
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidSource(f"{file} is neither YAML nor JSON: {' '.join(str(error).split())}") from error
    subgraphs = content.get("subgraphs") if isinstance(content, dict) else None
    if not isinstance(subgraphs, dict) or not subgraphs:
        raise InvalidSource(f"{file} names no subgraphs: it must hold subgraphs: with NAME: each, with {_FORM}")
    return [_from_entry(path, str(name), entry) for name, entry in subgraphs.items()]


def read_sources(named: Iterable[Named], credentials: ServiceCredentials) -> list[SubgraphSource]:
    """Those that run are asked at the same time; the last of a name counts. Raises SubgraphFailure."""
    found = {each.name: each for each in named}
    running = {each.name: each.asked or each.url for each in found.values() if each.sdl is None}
    told = asyncio.run(running_sources(running, credentials)) if running else []
    answered = {source.name: replace(source, url=found[source.name].url) for source in told}
    return [
        answered[name] if each.sdl is None else SubgraphSource(name, each.url, each.sdl) for name, each in found.items()
    ]


def _from_argument(text: str) -> Named:
    name, _, rest = text.partition("=")
    url, _, file = rest.partition("@")
    if not (name and url) or text.endswith("@"):
        raise InvalidSource(f"--subgraph {text!r} is not of the form NAME=URL@FILE, or NAME=URL where it runs")
    return Named(name, url, Path(file).read_text(encoding="utf-8") if file else None)


def _from_entry(config: Path, name: str, entry: Any) -> Named:
    entry = entry if isinstance(entry, Mapping) else {}
    schema = entry.get("schema", {})
    url, given = entry.get("routing_url"), dict(schema) if isinstance(schema, Mapping) else {"": schema}
    known = {key: value for key, value in given.items() if key in {"file", "subgraph_url", "sdl"}}
    texts = [value for value in (url, *known.values()) if value is not None]
    url = url or known.get("subgraph_url")
    if known != given or len(known) > 1 or not url or not all(isinstance(text, str) and text for text in texts):
        raise InvalidSource(f"{config}: the subgraph {name} is not told by {_FORM}")
    if "file" in known:
        return Named(name, url, (config.parent / known["file"]).read_text(encoding="utf-8"))
    return Named(name, url, known.get("sdl"), known.get("subgraph_url"))
