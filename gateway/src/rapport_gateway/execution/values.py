"""The value tree: finding places in it, merging results into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rapport_gateway.planning.fetch_graph import Path

Value = dict[str, Any]
Location = tuple[str | int, ...]


def find(root: Value, path: Path) -> list[Value]:
    """All objects at the path, through lists of any depth, in order."""
    current: list[Value] = [root]
    for key, types in path:
        found: list[Value] = []
        for value in current:
            if not types or value.get("__typename") in types:
                _flatten(value.get(key), found)
        current = found
    return current


def _flatten(value: object, into: list[Value]) -> None:
    if isinstance(value, dict):
        into.append(value)
    elif isinstance(value, list):
        for item in value:
            _flatten(item, into)


def locate(root: Value, path: Path) -> list[Location]:
    """The locations of what `find` gives, in the same order. Only needed for errors."""
    current: list[tuple[Location, Value]] = [((), root)]
    for key, types in path:
        current = [
            place
            for location, value in current
            if not types or value.get("__typename") in types
            for place in _places(value.get(key), (*location, key))
        ]
    return [location for location, _ in current]


def _places(value: object, location: Location) -> Iterator[tuple[Location, Value]]:
    if isinstance(value, dict):
        yield location, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, (*location, number))


def merge(target: Value, result: Value) -> None:
    """Add a result to an object. Nested objects are merged, lists item by item; what is known is never nulled."""
    for key, value in result.items():
        present = target.get(key)
        if present is None:
            target[key] = value
        elif isinstance(present, dict) and isinstance(value, dict):
            if present is not value:
                merge(present, value)
        elif isinstance(present, list) and isinstance(value, list) and present is not value:
            _merge_lists(present, value)


def _merge_lists(target: list[Any], result: list[Any]) -> None:
    for number, (present, value) in enumerate(zip(target, result, strict=False)):
        if present is None:
            target[number] = value
        elif isinstance(present, dict) and isinstance(value, dict):
            merge(present, value)
        elif isinstance(present, list) and isinstance(value, list):
            _merge_lists(present, value)


def copied(value: Any) -> Any:
    """A copy that shares no object or list."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [copied(item) for item in value]
    return value
