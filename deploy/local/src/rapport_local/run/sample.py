"""Sample data, loaded through the public API by the project's own command line."""

import json
import os
import sys
from pathlib import Path
from typing import Any

from rapport_local.layout import REPOSITORY
from rapport_local.processes.child import Child
from rapport_local.run.options import Options
from rapport_local.system.system import System


class SampleData:
    """Being loaded, or found loaded, beside the running system; it draws its own progress on the terminal."""

    def __init__(self, system: System, options: Options) -> None:
        command = [sys.executable, "-m", "rapport_cli", "sample", "load", "--gateway", system.gateway]
        # The whole company of 500 takes some minutes on the embedded database.
        command += ["--scale", "medium", "--accounts-out", str(_accounts_file(options))]
        env = os.environ | {"RAPPORT_EMAIL": system.admin.email, "RAPPORT_PASSWORD": system.admin.password}
        log = options.logs / "sample.log"
        self.loading = Child("sample data", command, log=log, env=env, cwd=REPOSITORY, show=True)


def sample_accounts(options: Options) -> list[dict[str, Any]]:
    """The demo accounts of the sample data, none where it was never loaded."""
    file = _accounts_file(options)
    found: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
    return found


def _accounts_file(options: Options) -> Path:
    return options.state / "sample-accounts.json"
