"""Files and functions stay small. Prints how small they are; fails past the caps."""

import ast
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("shared", "gateway", "services", "cli", "deploy", "tests")
FILE_CAP, FUNCTION_CAP = 400, 60
# In lines: what the code as a whole keeps, not only its largest piece.
FILE_P95, FUNCTION_P95 = 250, 35


@dataclass(frozen=True)
class Piece:
    """A file, or a function in it, and its length in lines."""

    name: str
    lines: int


def _python_files() -> list[Path]:
    return sorted(path for part in PARTS for path in (REPOSITORY / part).rglob("*.py"))


def _files() -> list[Piece]:
    sized = (Piece(str(path.relative_to(REPOSITORY)), _lines(path)) for path in _python_files())
    return [piece for piece in sized if piece.lines]


def _lines(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def _functions() -> list[Piece]:
    return [piece for path in _python_files() for piece in _functions_of(path)]


def _functions_of(path: Path) -> Iterator[Piece]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno:
            yield Piece(f"{path.relative_to(REPOSITORY)}:{node.name}", node.end_lineno - node.lineno + 1)


@pytest.mark.parametrize(
    ("kind", "pieces", "p95_limit", "cap"),
    [("file", _files(), FILE_P95, FILE_CAP), ("function", _functions(), FUNCTION_P95, FUNCTION_CAP)],
    ids=["files", "functions"],
)
def test_pieces_are_small(kind: str, pieces: list[Piece], p95_limit: int, cap: int) -> None:
    lengths = sorted(piece.lines for piece in pieces)
    p95 = lengths[int(len(lengths) * 0.95)]
    print(f"{len(pieces)} {kind}s: median {statistics.median(lengths):.0f} lines, p95 {p95}, longest {lengths[-1]}")
    too_long = [f"{piece.name} ({piece.lines} lines)" for piece in pieces if piece.lines > cap]
    assert not too_long, f"over {cap} lines: {', '.join(too_long)}"
    assert p95 <= p95_limit
