"""Which operations clients send, counted, for checking what a change of the schema would break."""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLSchema

from rapport_gateway.server.signatures import signature

_LOG = logging.getLogger("rapport_gateway.recording")
_MAX_WAITING_CHARACTERS = 8_000_000
_MAX_KEPT = 10_000

Sent = tuple[str, str | None]
"""An operation as it came: the document's text, and the name of the operation where the request says it."""


class Recorder:
    """Counts valid operations, and writes them without values, every `interval` seconds, to a file of this process.

    `schema` gives the one in force. What is sent waits in memory until then, up to a bound: what comes past it is not
    counted.
    """

    def __init__(self, folder: Path, schema: Callable[[], GraphQLSchema], *, interval: float = 60.0) -> None:
        began = datetime.now(UTC)
        self._file = folder / f"{began:%Y%m%dT%H%M%SZ}-{os.getpid()}.json"
        self._began = began.isoformat(timespec="seconds")
        self._schema = schema
        self._interval = interval
        self._waiting: Counter[Sent] = Counter()
        self._characters = 0
        self._counts: Counter[tuple[str, str]] = Counter()

    def note(self, text: str, operation_name: str | None) -> None:
        """One more request with this operation, which is valid."""
        sent = (text, operation_name)
        if sent not in self._waiting:
            if self._characters > _MAX_WAITING_CHARACTERS:
                return
            self._characters += len(text)
        self._waiting[sent] += 1

    async def run(self) -> None:
        """Until cancelled; what waits then is for `write`."""
        while True:
            await asyncio.sleep(self._interval)
            with suppress(Exception):
                await self.write()

    async def write(self) -> None:
        """A file that cannot be written is logged; the counts are kept for the next time."""
        waiting, self._waiting, self._characters = self._waiting, Counter(), 0
        if not waiting:
            return
        try:
            await asyncio.to_thread(self._write, waiting, self._schema())
        except OSError as problem:
            _LOG.warning("operations cannot be recorded: %s", problem)

    def _write(self, waiting: Counter[Sent], schema: GraphQLSchema) -> None:
        for (text, name), count in waiting.items():
            if (body := signature(text, name, schema)) is not None:
                key = (name or "", body)
                if key in self._counts or len(self._counts) < _MAX_KEPT:
                    self._counts[key] += count
        content: dict[str, Any] = {
            "from": self._began,
            "until": datetime.now(UTC).isoformat(timespec="seconds"),
            "operations": [
                {"name": name, "body": body, "count": count} for (name, body), count in self._counts.most_common()
            ],
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        draft = self._file.with_suffix(".draft")
        draft.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2))
        draft.replace(self._file)
