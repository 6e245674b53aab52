"""The list of trusted documents, read again when its file changes: clients are built more often than gateways start."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from pathlib import Path

from rapport_gateway.server.manifests import trusted_documents
from rapport_gateway.server.persisted import Documents
from rapport_gateway.settings import InvalidSetting

_LOG = logging.getLogger("rapport_gateway.documents")
ALARM = "TRUSTED_DOCUMENTS_NOT_RELOADED"
"""Begins the log line that says why a new list is not in force."""
_Mark = tuple[int, int, int] | None


class ManifestReloader:
    """Looks at the file every `interval` seconds; a list that cannot be used changes nothing, which is told once."""

    def __init__(self, file: Path, documents: Documents, *, interval: float) -> None:
        self._file = file
        self._documents = documents
        self._interval = interval
        self._seen: _Mark = None

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._interval)
            with suppress(Exception):
                await self.look()

    async def look(self) -> bool:
        """Whether another list is in force now."""
        mark = self._mark()
        if mark == self._seen:
            return False
        self._seen = mark
        try:
            trusted = await asyncio.to_thread(trusted_documents, self._file)
        except InvalidSetting as problem:
            _LOG.error("%s: the current list stays: %s", ALARM, problem)
            return False
        if trusted == self._documents.trusted:
            return False
        self._documents.trust(trusted)
        _LOG.info("a new list of trusted documents is in force")
        return True

    def _mark(self) -> _Mark:
        """Differs when the file has changed; None while there is none."""
        try:
            status = self._file.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size, status.st_ino
