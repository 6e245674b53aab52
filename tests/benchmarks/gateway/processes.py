"""Processes on cores of their own, and what they use."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_STOP_SECONDS = 10.0


class DidNotStart(Exception):
    """A program ended, or did not listen in time; the message names its log."""


@dataclass
class Program:
    """A running program with all its children, in a session of its own."""

    process: subprocess.Popen[bytes]
    log: Path

    @classmethod
    def start(
        cls, command: Sequence[str], *, cores: str, log: Path, environment: Mapping[str, str], folder: Path
    ) -> Program:
        with log.open("wb") as output:
            process = subprocess.Popen(
                ["taskset", "-c", cores, *command],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env={**os.environ, **environment},
                cwd=folder,
            )
        return cls(process, log)

    def wait_for(self, port: int, seconds: float) -> None:
        """Raises DidNotStart."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            time.sleep(0.1)
        raise DidNotStart(f"nothing listens on port {port}; see {self.log}")

    def cpu_seconds(self) -> float:
        return sum(seconds for _, seconds in self._members())

    def megabytes(self) -> float:
        """Resident memory, what is shared with others counted in parts."""
        return sum(_kilobytes(pid) for pid, _ in self._members()) / 1024

    def stop(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()

    def _members(self) -> list[tuple[int, float]]:
        """Processes of the session with the processor time each has used."""
        found = []
        for entry in os.listdir("/proc"):
            try:
                fields = Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()
            except (OSError, ValueError):
                continue
            if entry.isdigit() and int(fields[3]) == self.process.pid:
                found.append((int(entry), (int(fields[11]) + int(fields[12])) / _TICKS))
        return found


def all_busy_seconds() -> float:
    """Processor time that all cores have spent on anything."""
    return sum(busy_seconds(core) for core in range(os.cpu_count() or 1))


def busy_seconds(core: int) -> float:
    """Processor time that a core has spent on anything."""
    for line in Path("/proc/stat").read_text().splitlines():
        name, *values = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _waiting, interrupt, soft = (int(value) for value in values[:7])
            return (user + nice + system + interrupt + soft) / _TICKS
    raise ValueError(f"there is no core {core}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _kilobytes(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return 0
    found = re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)
    return int(found[1]) if found else 0
