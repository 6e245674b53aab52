"""What those who run the system do with it."""

import os
import subprocess
import sys

import pytest

from rapport_local.system.table import SERVICES, service_env
from rapport_local.testing.running import RunningSystem


@pytest.mark.parametrize("service", SERVICES)
def test_there_are_no_dead_letters(running_system: RunningSystem, service: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", f"rapport_{service}", "dead-letters", "list"],
        env={**os.environ, **service_env(service, running_system.addresses)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_setting_that_makes_no_sense_is_one_line(service: str) -> None:
    name = f"RAPPORT_{service.upper()}_PORT"
    done = subprocess.run(
        [sys.executable, "-m", f"rapport_{service}", "api"],
        env={**os.environ, name: "many"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
