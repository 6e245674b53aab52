"""A crash is told and mended with back-off; problems in logs are shown, the rest is not."""

import os
from pathlib import Path

import pytest

from rapport_local.processes.child import Child
from rapport_local.run.watch import Watch, problem_in


class _Clock:
    def __init__(self) -> None:
        self.time = 0.0

    def __call__(self) -> float:
        return self.time


def _started(tmp_path: Path, command: list[str]) -> Child:
    child = Child("worker", command, log=tmp_path / "worker.log", env=os.environ)
    child.start()
    return child


def test_crash_is_told_and_mended_after_a_delay(tmp_path: Path) -> None:
    child = _started(tmp_path, ["sleep", "60"])
    told: list[str] = []
    clock = _Clock()
    watch = Watch([child], told.append, now=clock)
    before = child.pid
    child.kill()

    assert not watch.look()
    assert told == ["worker was ended by SIGKILL, last line: it wrote nothing; starting it again in 1 s"]
    assert not child.running
    clock.time = 1.0
    assert watch.look()
    assert child.running
    assert child.pid != before
    child.kill()


def test_delay_grows_with_every_crash_and_starts_anew_after_a_healthy_time(tmp_path: Path) -> None:
    child = _started(tmp_path, ["sh", "-c", "echo no luck; exit 7"])
    told: list[str] = []
    clock = _Clock()
    watch = Watch([child], told.append, now=clock)

    def crash_again(after: float) -> str:
        assert child.wait(10)
        watch.look()
        clock.time += after
        watch.look()
        return told[-2]

    assert crash_again(1) == "worker ended with exit code 7, last line: no luck; starting it again in 1 s"
    assert crash_again(2).endswith("in 2 s")
    assert crash_again(4).endswith("in 4 s")
    assert child.wait(10)
    clock.time += 61
    watch.look()
    assert told[-1].endswith("in 1 s")


def test_problems_written_to_a_log_are_shown_once(tmp_path: Path) -> None:
    child = _started(tmp_path, ["sleep", "60"])
    told: list[str] = []
    watch = Watch([child], told.append)
    with child.log.open("a") as log:
        log.write('{"level": "info", "event": "listening"}\n{"level": "warning", "event": "broker is slow"}\npart of')
        log.flush()
        watch.look()
        log.write(" an ERROR\n")
        log.flush()
        watch.look()
        watch.look()
    assert told == ["worker: warning: broker is slow", "worker: part of an ERROR"]
    child.kill()


def test_a_problem_that_is_logged_again_and_again_is_told_once_in_a_while(tmp_path: Path) -> None:
    child = _started(tmp_path, ["sleep", "60"])
    told: list[str] = []
    clock = _Clock()
    watch = Watch([child], told.append, now=clock)
    for clock.time in (0.0, 1.0, 29.0, 30.0):
        with child.log.open("a") as log:
            log.write("WARNING broker link down\n")
        watch.look()
    assert told == ["worker: WARNING broker link down"] * 2
    child.kill()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"level":"ERROR","event":"no database"}', "ERROR: no database"),
        ('{"level":"info","event":"an ERROR was mended"}', None),
        ("2026-01-01 12:00:00 [warning] <0.1> disk is low", "2026-01-01 12:00:00 [warning] <0.1> disk is low"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("INFO: 0 errors", None),
    ],
)
def test_only_warnings_and_worse_are_problems(line: str, problem: str | None) -> None:
    assert problem_in(line) == problem
