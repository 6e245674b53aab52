"""The other implementations: installed on demand, asked in one process.

They are for comparison only, as their licences ask; nothing of them is part of this project.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.conformance.corpus import SubgraphSet

HOME = Path(__file__).resolve().parents[2] / ".rapport" / "conformance"
_PACKAGES = {
    "@apollo/composition": "2.14.4",
    "@apollo/query-planner": "2.14.4",
    "@graphql-hive/router-query-planner": "0.0.38",
    "graphql": "16.15.0",
}
_SCRIPT = Path(__file__).with_name("oracle.mjs")


class Unavailable(Exception):
    """The other implementations cannot be had here; the message says why."""


def install() -> None:
    """Into a folder that is not committed; nothing is done when they are there. Raises Unavailable."""
    wanted = json.dumps({"private": True, "dependencies": _PACKAGES}, indent=2)
    manifest = HOME / "package.json"
    if (HOME / "node_modules").is_dir() and manifest.is_file() and manifest.read_text(encoding="utf-8") == wanted:
        return
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        raise Unavailable("node and npm are needed")
    HOME.mkdir(parents=True, exist_ok=True)
    (HOME / "package.json").write_text(wanted, encoding="utf-8")
    arguments = [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"]
    done = subprocess.run(arguments, cwd=HOME, capture_output=True, text=True, check=False)
    if done.returncode:
        manifest.unlink()
        raise Unavailable(f"npm install failed: {done.stderr.strip()[-500:]}")


def ask(sets: Sequence[SubgraphSet], urls: dict[str, str], own: Sequence[str | None]) -> list[dict[str, Any]]:
    """For each set: `codes` and `messages` when it is refused, else `sdl`, `planned` and `peers`.

    `unread` says why others cannot read the supergraph of our own making.
    """
    questions = [
        {
            "subgraphs": [{"name": name, "url": urls[name], "sdl": sdl} for name, sdl in each.subgraphs.items()],
            "queries": [operation.text for operation in each.operations],
            "supergraph": supergraph,
        }
        for each, supergraph in zip(sets, own, strict=True)
    ]
    done = subprocess.run(
        ["node", str(_SCRIPT)], cwd=HOME, input=json.dumps(questions), capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"the other implementations failed: {done.stderr.strip()[-2000:]}")
    answers: list[dict[str, Any]] = json.loads(done.stdout)
    return answers
