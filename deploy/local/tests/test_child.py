"""A child never outlives its time, its starter or its end."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rapport_local.errors import CannotRun
from rapport_local.processes.child import Child


def _child(tmp_path: Path, code: str) -> Child:
    return Child("sleeper", [sys.executable, "-c", code], log=tmp_path / "sleeper.log", env=os.environ)


def _gone(pid: int, seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_output_goes_to_the_log_and_the_exit_code_is_kept(tmp_path: Path) -> None:
    child = _child(tmp_path, "import sys; print('said'); sys.exit(3)")
    child.start()
    assert child.wait(10)
    assert child.exit_code == 3
    assert child.log.read_text() == "said\n"


def test_one_that_ignores_sigterm_is_killed_after_the_grace(tmp_path: Path) -> None:
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    child = _child(tmp_path, code)
    child.start()
    child.wait_until(lambda: child.log.read_text() == "1\n", seconds=10)
    child.end(grace=0.2)
    assert child.exit_code == -signal.SIGKILL


def test_grandchildren_are_killed_too(tmp_path: Path) -> None:
    code = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    child = _child(tmp_path, code)
    child.start()
    child.wait_until(lambda: child.log.read_text().endswith("\n"), seconds=10)
    child.kill()
    assert _gone(int(child.log.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's help is Linux's")
def test_child_dies_when_its_starter_is_killed(tmp_path: Path) -> None:
    code = f"""
import os, sys, time
from pathlib import Path
from rapport_local.processes.child import Child
child = Child("sleeper", ["sleep", "60"], log=Path({str(tmp_path / "log")!r}), env=os.environ)
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""
    starter = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert starter.stdout
    pid = int(starter.stdout.readline())
    assert not _gone(pid, seconds=0.2)
    starter.kill()
    starter.communicate()
    assert _gone(pid)


def test_missing_command_is_one_clear_line(tmp_path: Path) -> None:
    child = Child("nothing", [str(tmp_path / "missing")], log=tmp_path / "log", env={})
    with pytest.raises(CannotRun, match="nothing cannot be started: "):
        child.start()


def test_waiting_ends_when_the_process_does(tmp_path: Path) -> None:
    child = _child(tmp_path, "raise SystemExit('a reason')")
    child.start()
    with pytest.raises(CannotRun, match="sleeper ended with exit code 1 while starting"):
        child.wait_until(lambda: False, seconds=30)
