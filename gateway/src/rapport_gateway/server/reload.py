"""A new supergraph takes the place of the old one while requests run: read, checked, and only then put in force."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.metrics import Metrics
from rapport_gateway.settings import InvalidSetting
from rapport_gateway.subgraphs.client import SubgraphFailure
from rapport_gateway.subgraphs.credentials import ServiceCredentials
from rapport_gateway.subgraphs.sdl import running_sources
from rapport_gateway.supergraph.errors import CompositionFailed, InvalidSupergraph
from rapport_gateway.supergraph.loader import load_supergraph
from rapport_gateway.supergraph.model import Supergraph

_LOG = logging.getLogger("rapport_gateway.supergraph")
ALARM = "SUPERGRAPH_NOT_RELOADED"
"""Begins the log line that says why a new supergraph is not in force."""


class Source(Protocol):
    """Where supergraphs come from."""

    async def changed(self) -> str | None:
        """The SDL when something changed since the last look. Raises SubgraphFailure, CompositionFailed, OSError."""
        ...


class FileSource:
    """A file, looked at without being read while its times and size stay."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    async def changed(self) -> str | None:
        status = self._path.stat()
        mark = (status.st_mtime_ns, status.st_size, status.st_ino)
        if mark == self._seen:
            return None
        text = self._path.read_text(encoding="utf-8")
        self._seen = mark
        return text


class RunningSource:
    """The subgraphs themselves, composed when one of them tells another SDL than before."""

    def __init__(self, urls: dict[str, str], credentials: ServiceCredentials) -> None:
        self._urls = urls
        self._credentials = credentials
        self._told: dict[str, str] = {}

    async def changed(self) -> str | None:
        sources = await running_sources(self._urls, self._credentials)
        told = {source.name: source.sdl for source in sources}
        if told == self._told:
            return None
        self._told = told
        return await asyncio.to_thread(compose_supergraph, sources)


class Reloader:
    """Looks at the source every `interval` seconds. `put_in_force` raises InvalidSetting where settings do not fit;
    `in_force` is the SDL to begin with."""

    def __init__(
        self,
        source: Source,
        put_in_force: Callable[[Supergraph], None],
        metrics: Metrics,
        *,
        interval: float,
        in_force: str,
    ) -> None:
        self._source = source
        self._in_force = in_force
        self._put_in_force = put_in_force
        self._metrics = metrics
        self._interval = interval
        self._complaint = ""

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._interval)
            with suppress(Exception):
                await self.look()

    async def look(self) -> bool:
        """Whether another supergraph is in force now. A failure is told once, and counted; the old one stays."""
        try:
            sdl = await self._source.changed()
            if sdl is None:
                return False
            if sdl == self._in_force:
                self._all_is_well()
                return False
            supergraph = await asyncio.to_thread(load_supergraph, sdl)
            self._put_in_force(supergraph)
        except (SubgraphFailure, OSError) as problem:
            self._complain(logging.WARNING, "unreachable", str(problem))
            return False
        except (CompositionFailed, InvalidSupergraph, InvalidSetting, UnicodeDecodeError) as problem:
            self._complain(logging.ERROR, "failed", str(problem))
            self._metrics.supergraph_stale.set(1)
            return False
        except Exception:
            _LOG.exception("%s: the current one stays", ALARM)
            self._metrics.supergraph_reload("failed")
            self._metrics.supergraph_stale.set(1)
            raise
        self._in_force = sdl
        self._all_is_well()
        self._metrics.supergraph_reload("ok")
        _LOG.info("a new supergraph of %d subgraphs is in force", len(supergraph.subgraphs))
        return True

    def _all_is_well(self) -> None:
        self._complaint = ""
        self._metrics.supergraph_stale.set(0)

    def _complain(self, level: int, outcome: str, reason: str) -> None:
        self._metrics.supergraph_reload(outcome)
        if reason != self._complaint:
            self._complaint = reason
            _LOG.log(level, "%s: the current one stays: %s", ALARM, reason.replace("\n", "; "))
