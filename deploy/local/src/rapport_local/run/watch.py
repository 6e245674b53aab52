"""Watching running processes: a crash is reported and mended, a warning in a log is shown."""

import json
import re
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rapport_local.errors import CannotRun
from rapport_local.processes.child import Child
from rapport_local.processes.logs import LogFollower, last_line

_FIRST_DELAY = 1.0
_LONGEST_DELAY = 30.0
# A process that ran this long was healthy: its next crash starts again with the shortest delay.
_HEALTHY_SECONDS = 60.0
# The same problem of the same process is told once in this time, however often it is logged.
_QUIET_SECONDS = 30.0
_PLAIN_PROBLEM = re.compile(r"\[(warning|error|critical)\]|\b(WARNING|ERROR|CRITICAL)\b|^Traceback ")
_PROBLEM_LEVELS = {"warning", "error", "critical"}


@dataclass
class _Watched:
    child: Child
    follower: LogFollower
    started_at: float
    delay: float = _FIRST_DELAY
    restart_at: float | None = None
    told_at: dict[str, float] = field(default_factory=dict)


class Watch:
    """Looks after processes whenever `look` is called; never blocks."""

    def __init__(
        self, children: Sequence[Child], tell: Callable[[str], None], *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._tell = tell
        self._now = now
        self._watched = [_Watched(child, LogFollower(child.log), now()) for child in children]

    def look(self) -> bool:
        """Report what happened since the last look; True when a process was started again."""
        restarted = False
        for watched in self._watched:
            self._show_problems(watched)
            if not watched.child.running:
                restarted |= self._mend(watched)
        return restarted

    def _show_problems(self, watched: _Watched) -> None:
        for line in watched.follower.new_lines():
            problem = problem_in(line)
            if problem and self._now() - watched.told_at.get(problem, -_QUIET_SECONDS) >= _QUIET_SECONDS:
                watched.told_at[problem] = self._now()
                self._tell(f"{watched.child.name}: {problem}")

    def _mend(self, watched: _Watched) -> bool:
        now = self._now()
        if watched.restart_at is None:
            if now - watched.started_at > _HEALTHY_SECONDS:
                watched.delay = _FIRST_DELAY
            watched.restart_at = now + watched.delay
            self._tell(f"{how_it_ended(watched.child)}; starting it again in {watched.delay:.0f} s")
            return False
        if now < watched.restart_at:
            return False
        watched.restart_at = None
        watched.started_at = now
        watched.delay = min(watched.delay * 2, _LONGEST_DELAY)
        return self._start_again(watched.child)

    def _start_again(self, child: Child) -> bool:
        try:
            child.start()
        except CannotRun as error:
            self._tell(str(error))
            return False
        self._tell(f"{child.name} runs again (process {child.pid})")
        return True


def how_it_ended(child: Child) -> str:
    """One line: exit code or signal, and what the process said last."""
    code = child.exit_code or 0
    ended = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return f"{child.name} {ended}, last line: {last_line(child.log)[:200]}"


def problem_in(line: str) -> str | None:
    """The message of a log line that is a warning or worse, None for any other."""
    if line.startswith("{"):
        try:
            record = json.loads(line)
        except ValueError:
            record = {}
        if str(record.get("level", "")).lower() in _PROBLEM_LEVELS:
            return f"{record['level']}: {record.get('event', line)}"
        return None
    return line.strip()[:300] if _PLAIN_PROBLEM.search(line) else None
