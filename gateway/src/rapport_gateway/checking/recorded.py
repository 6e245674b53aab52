"""Operations that clients send, as files hold them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

_TEXTS = frozenset({".graphql", ".gql"})


class UnreadableOperations(Exception):
    """A file of operations is of no known form; the message names it."""


@dataclass(frozen=True, slots=True)
class RecordedOperation:
    """One document. `count` says how often it was seen, None where nobody counted."""

    name: str
    text: str
    count: int | None = None


def read_operations(paths: Iterable[Path]) -> list[RecordedOperation]:
    """Of files and folders: `.graphql` documents; JSON manifests of persisted queries (Apollo's, or a map of texts by
    hash, as Relay's), and what the gateway recorded. The same text counts once, its counts added up.

    Raises UnreadableOperations, OSError.
    """
    found: dict[str, RecordedOperation] = {}
    for path in paths:
        for operation in _of_path(path):
            known = found.get(operation.text)
            counts = [each.count for each in (known, operation) if each is not None and each.count is not None]
            name = known.name if known else operation.name
            found[operation.text] = RecordedOperation(name, operation.text, sum(counts) if counts else None)
    return list(found.values())


def _of_path(path: Path) -> Iterator[RecordedOperation]:
    if path.is_dir():
        for inner in sorted(path.rglob("*")):
            if inner.suffix in {*_TEXTS, ".json"} and inner.is_file():
                yield from _of_path(inner)
    elif path.suffix in _TEXTS:
        yield RecordedOperation(path.name, path.read_text(encoding="utf-8"))
    else:
        yield from _of_manifest(path)


def _of_manifest(path: Path) -> Iterator[RecordedOperation]:
    try:
        content = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise UnreadableOperations(f"{path} holds operations in no known form: {error}") from error
    entries = content.get("operations") if isinstance(content, dict) else None
    if isinstance(entries, dict):
        entries = list(entries.values())
    elif entries is None and isinstance(content, dict):
        entries = [{"name": name, "body": text} for name, text in content.items()]
    if not isinstance(entries, list):
        raise UnreadableOperations(f"{path} holds no operations")
    for entry in entries:
        yield _entry(path, entry)


def _entry(path: Path, entry: Any) -> RecordedOperation:
    if isinstance(entry, str):
        return RecordedOperation(path.name, entry)
    text = entry.get("body") if isinstance(entry, dict) else None
    if not isinstance(text, str):
        raise UnreadableOperations(f"{path}: an operation has no 'body'")
    count = entry.get("count")
    return RecordedOperation(str(entry.get("name") or path.name), text, count if isinstance(count, int) else None)
