"""A deployable's environment holds what its code imports: pyproject.toml declares it, the locks pin it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement

REPOSITORY = Path(__file__).resolve().parents[2]
MEMBERS = sorted(
    path.parent for pattern in ("*/pyproject.toml", "*/*/pyproject.toml") for path in REPOSITORY.glob(pattern)
)
LOCKS = REPOSITORY / "deploy" / "requirements"
_DISTRIBUTIONS = packages_distributions()


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: str(member.relative_to(REPOSITORY)))
def test_every_import_is_declared(member: Path) -> None:
    declared = _declared(member)
    undeclared = {
        f"{path.relative_to(REPOSITORY)} imports {name}"
        for path in (member / "src").rglob("*.py")
        for name in _imported(path)
        if not _is_covered(name, declared)
    }
    assert not undeclared


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: str(member.relative_to(REPOSITORY)))
def test_locks_hold_what_is_declared(member: Path) -> None:
    own = LOCKS / f"{member.name}.lock"
    for lock in [LOCKS / "dev.lock", *([own] if own.exists() else [])]:
        locked = _locked(lock)
        stale = [str(wanted) for wanted in _requirements(member) if not _is_locked(wanted, locked)]
        assert not stale, f"{lock.name}: run `make lock` and commit the result"


def _requirements(member: Path) -> list[Requirement]:
    """What the member needs of others, itself and through rapport-shared."""
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    wanted = [Requirement(each) for each in project["dependencies"]]
    if any(each.name == "rapport-shared" for each in wanted):
        wanted += _requirements(REPOSITORY / "shared")
    return [each for each in wanted if not each.name.startswith("rapport-")]


def _locked(lock: Path) -> dict[str, list[str]]:
    """Versions by package; there are two where they differ between Pythons."""
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([a-z0-9._-]+)==([^ ]+)", lock.read_text(), re.MULTILINE):
        versions.setdefault(name, []).append(version)
    return versions


def _is_locked(wanted: Requirement, locked: dict[str, list[str]]) -> bool:
    return any(wanted.specifier.contains(version) for version in locked.get(_canonical(wanted.name), []))


def _declared(member: Path) -> set[str]:
    """Distributions that the member asks for, itself, and those of the workspace members among them."""
    project = tomllib.loads((member / "pyproject.toml").read_text())["project"]
    optional = [each for group in project.get("optional-dependencies", {}).values() for each in group]
    named = {_canonical(requirement) for requirement in [*project["dependencies"], *optional]}
    if "rapport-shared" in named:
        named |= _declared(REPOSITORY / "shared")
    return named | {_canonical(project["name"])}


def _canonical(requirement: str) -> str:
    name = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def _imported(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def _is_covered(name: str, declared: set[str]) -> bool:
    if name in sys.stdlib_module_names or _canonical(name) in declared:
        return True
    return any(_canonical(distribution) in declared for distribution in _DISTRIBUTIONS.get(name, []))
