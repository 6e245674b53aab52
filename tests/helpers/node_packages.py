"""Packages of npm for tests that need them: installed once into the folder of local data, without their scripts."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

_KEPT = Path(__file__).resolve().parents[2] / ".rapport" / "node"
_INSTALL = ("npm", "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--silent")
_SECONDS = 100


def node_modules(*packages: str) -> Path:
    """The ``node_modules`` that holds each ``name@version``; the test is skipped where it cannot be had."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        pytest.skip("needs Node.js and npm")
    kept = _KEPT / "+".join(packages).replace("/", "+")
    if not kept.exists():
        _install(packages, kept)
    return kept / "node_modules"


def _install(packages: tuple[str, ...], kept: Path) -> None:
    kept.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=kept.parent))
    made.joinpath("package.json").write_text("{}")
    try:
        subprocess.run([*_INSTALL, *packages], cwd=made, check=True, capture_output=True, timeout=_SECONDS)
        made.rename(kept)
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        pytest.skip(f"npm cannot install {', '.join(packages)}")
    except OSError:
        assert kept.exists()  # another test run was quicker
    finally:
        shutil.rmtree(made, ignore_errors=True)
