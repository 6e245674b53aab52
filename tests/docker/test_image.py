"""The Dockerfile is clean, and an image holds what its deployable needs and nothing else."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from rapport_local.layout import REPOSITORY
from rapport_local.system.table import GATEWAY, SERVICES

LOCKS = REPOSITORY / "deploy" / "requirements"
DEVELOPMENT_ONLY = {"pytest", "mypy", "ruff", "secantusdb", "testcontainers", "faker", "rich", "uv", "hatchling"}


def _locked(name: str) -> dict[str, str]:
    """Version by package."""
    lines = (LOCKS / f"{name}.lock").read_text().splitlines()
    pinned = (re.match(r"([a-z0-9._-]+)==([^ ]+)", line) for line in lines)
    return {found[1]: found[2] for found in pinned if found}


def test_dockerfile_has_no_finding() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("the linter has no program for this kind of machine")
    done = subprocess.run([linter, REPOSITORY / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", [*SERVICES, GATEWAY])
def test_image_holds_the_developers_versions_and_no_development_tool(name: str) -> None:
    locked, developers = _locked(name), _locked("dev")
    assert locked.items() <= developers.items()
    assert not set(locked) & DEVELOPMENT_ONLY


def test_gateway_has_no_driver() -> None:
    assert not set(_locked(GATEWAY)) & {"pymongo", "aio-pika", "aiormq", "strawberry-graphql"}


def test_only_identity_can_hash_passwords() -> None:
    assert "argon2-cffi" in _locked("identity")
    assert not any("argon2-cffi" in _locked(name) for name in ("customers", "interactions", "tasks"))


@pytest.mark.parametrize("lock", sorted(LOCKS.glob("*.lock")), ids=lambda lock: lock.stem)
def test_locks_pin_with_hashes_and_name_no_address(lock: Path) -> None:
    text = lock.read_text()
    assert not re.search(r"://|--(extra-)?index|--find-links|^-e|^/| @ ", text, re.MULTILINE)
    for block in re.split(r"\n(?=\S)", text.strip()):
        assert "==" in block.splitlines()[0]
        assert "--hash=sha256:" in block
