"""Sample data, loaded through the public API by the project's own command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

from rapport_local.errors import CannotRun
from rapport_local.layout import REPOSITORY
from rapport_local.system.system import System


def load_sample_data(system: System, state: Path) -> list[dict[str, str]]:
    """Load it, or find it loaded; returns the demo accounts that it made. Raises CannotRun."""
    accounts = state / "sample-accounts.json"
    command = [sys.executable, "-m", "rapport_cli", "sample", "load", "--gateway", system.gateway]
    command += ["--accounts-out", str(accounts)]
    env = os.environ | {"RAPPORT_EMAIL": system.admin.email, "RAPPORT_PASSWORD": system.admin.password}
    # It draws its own progress, so it writes to this terminal; Ctrl-C reaches it and us alike.
    done = subprocess.run(command, cwd=REPOSITORY, env=env, check=False)
    if done.returncode:
        raise CannotRun("the sample data could not be loaded; RAPPORT_SAMPLE_DATA=0 starts without it")
    made: list[dict[str, str]] = json.loads(accounts.read_text(encoding="utf-8"))
    return made
