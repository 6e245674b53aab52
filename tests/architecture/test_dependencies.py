"""A deployable's environment holds what its code imports: its pyproject.toml names every package that it uses."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
MEMBERS = sorted(
    path.parent for pattern in ("*/pyproject.toml", "*/*/pyproject.toml") for path in REPOSITORY.glob(pattern)
)
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
