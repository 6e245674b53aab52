"""One process of ours: started in a group of its own, never left behind."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from rapport_local.errors import CannotRun

_PR_SET_PDEATHSIG = 1
# A log this long is put aside at the next start, over the one that was put aside before.
_LOG_BYTES = 10 * 1024**2
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


class Child:
    """A command that can be started, ended and started again.

    Its output is appended to one log file; with `show` it goes to this process's terminal instead.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        env: Mapping[str, str],
        cwd: Path | None = None,
        show: bool = False,
    ) -> None:
        self.name = name
        self.command = tuple(command)
        self.log = log
        self.env = dict(env)
        self._cwd = cwd
        self._show = show
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the latest start; None before the first."""
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        """None while it runs (or was never started); negative: the signal that ended it."""
        return self._process.poll() if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it; raises CannotRun when the command does not exist or when it runs already."""
        if self.running:
            raise CannotRun(f"{self.name} is running already (process {self.pid})")
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > _LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.old"))
        with self.log.open("ab") as output:
            try:
                self._process = subprocess.Popen(
                    self.command,
                    stdin=subprocess.DEVNULL,
                    stdout=None if self._show else output,
                    stderr=None if self._show else output,
                    env=self.env,
                    cwd=self._cwd,
                    start_new_session=True,
                    preexec_fn=_dies_with(os.getpid()),  # noqa: PLW1509 - it calls nothing that takes a lock
                )
            except OSError as error:
                raise CannotRun(f"{self.name} cannot be started: {error}") from error

    def ask_to_end(self) -> None:
        """Send SIGTERM, if it runs."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL to it and its children and wait until it is gone."""
        self._signal(signal.SIGKILL)
        if self._process:
            self._process.wait()

    def end(self, *, grace: float = 10.0) -> None:
        """Ask to end, wait up to `grace` seconds, then kill."""
        self.ask_to_end()
        self.wait(grace)
        self.kill()

    def wait(self, seconds: float) -> bool:
        """True when it has ended within that time."""
        if not self._process:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def wait_until(self, ready: Callable[[], bool], *, seconds: float, poll: float = 0.1) -> None:
        """Wait for the condition; raises CannotRun when the process ends first or the time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running:
                raise CannotRun(f"{self.name} ended with exit code {self.exit_code} while starting, see {self.log}")
            if time.monotonic() > deadline:
                raise CannotRun(f"{self.name} was not ready after {seconds:.0f} s, see {self.log}")
            time.sleep(poll)

    def _signal(self, number: signal.Signals) -> None:
        if not self.running or self.pid is None:
            return
        try:
            os.killpg(self.pid, number) if number == signal.SIGKILL else os.kill(self.pid, number)
        except ProcessLookupError:
            return


def _dies_with(parent: int) -> Callable[[], None] | None:
    """On Linux: have the kernel kill the child when the parent is gone, even by SIGKILL."""
    if _LIBC is None:
        return None
    prctl = _LIBC.prctl

    def before_exec() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return before_exec
