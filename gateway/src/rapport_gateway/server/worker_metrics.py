"""What all workers count, told by whichever is asked: every worker answers the others on a socket of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

_PATIENCE = 1.0  # seconds; a worker that does not answer is left out


class WorkerMetrics:
    """`folder` holds the workers' sockets; `own` renders what this worker counts."""

    def __init__(self, folder: Path, worker: int, own: Callable[[], bytes]) -> None:
        self._folder = folder
        self._worker = worker
        self._own = own

    async def serve(self) -> None:
        """Until cancelled."""
        path = self._folder / str(self._worker)
        path.unlink(missing_ok=True)  # of a worker before this one
        server = await asyncio.start_unix_server(self._answer, path)
        async with server:
            await server.serve_forever()

    async def render(self) -> bytes:
        """All workers' metrics, with the label `worker`."""
        paths = sorted(self._folder.iterdir())
        texts = await asyncio.gather(*(self._text_of(path) for path in paths))
        return merged({path.name: text for path, text in zip(paths, texts, strict=True)})

    async def _text_of(self, path: Path) -> str:
        if path.name == str(self._worker):
            return self._own().decode()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                reader, writer = await asyncio.open_unix_connection(path)
                try:
                    return (await reader.read()).decode()
                finally:
                    writer.close()
        return ""

    async def _answer(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.write(self._own())
            await writer.drain()
            writer.close()
            await writer.wait_closed()


def merged(texts: Mapping[str, str]) -> bytes:
    """One text in Prometheus' form of several; the lines of a metric stay together, each with its worker."""
    families: dict[str, list[str]] = {}
    for worker, text in texts.items():
        family: list[str] = []
        for line in text.splitlines():
            if line.startswith("# HELP "):
                family = families.setdefault(line.split(" ", 3)[2], [])
            if line.startswith("#"):
                if line not in family:
                    family.append(line)
            else:
                family.append(_labelled(line, worker))
    return "".join(f"{line}\n" for lines in families.values() for line in lines).encode()


def _labelled(line: str, worker: str) -> str:
    metric, brace, labels = line.partition("{")
    if brace:
        return f'{metric}{{worker="{worker}",{labels}'
    name, _, value = line.partition(" ")
    return f'{name}{{worker="{worker}"}} {value}'
