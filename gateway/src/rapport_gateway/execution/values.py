"""The value tree: finding places in it, merging results into it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from rapport_gateway.planning.fetch_graph import Path, Segment

Value = dict[str, Any]
Location = tuple[str | int, ...]


def find(path: Path, current: list[Value]) -> list[Value]:
    """All objects at the path below the given ones, through lists of any depth, in order; one that is in several
    places once."""
    for key, types in path:
        found: dict[int, Value] = {}
        for value in current:
            if types and value.get("__typename") not in types:
                continue
            child = value.get(key)
            if isinstance(child, list):
                for item in child:
                    if isinstance(item, dict):
                        found[id(item)] = item
                    else:
                        _flatten(item, found)
            elif isinstance(child, dict):
                found[id(child)] = child
        current = list(found.values())
    return current


def _flatten(value: object, into: dict[int, Value]) -> None:
    """Lists in lists."""
    if isinstance(value, dict):
        into[id(value)] = value
    elif isinstance(value, list):
        for item in value:
            _flatten(item, into)


def unite(holders: list[Value], segment: Segment) -> list[Value]:
    """Of the objects one segment below the holders those that equal each other become one: one of each, in order.

    Compared is what would be sent, not by ==, for which 1, 1.0 and true are the same. Raises JSONEncodeError.
    """
    key, types = segment
    firsts: dict[bytes, Value] = {}
    for holder in holders:
        if types and holder.get("__typename") not in types:
            continue
        child = holder.get(key)
        if isinstance(child, list):
            _unite_items(child, firsts)
        elif isinstance(child, dict):
            holder[key] = firsts.setdefault(orjson.dumps(child), child)
    return list(firsts.values())


def _unite_items(items: list[Any], firsts: dict[bytes, Value]) -> None:
    for number, item in enumerate(items):
        if isinstance(item, dict):
            first = firsts.setdefault(orjson.dumps(item), item)
            if first is not item:
                items[number] = first
        elif isinstance(item, list):
            _unite_items(item, firsts)


def locate(root: Value, path: Path) -> list[tuple[Location, Value]]:
    """Every place of what `find` gives, in order, with the object there. Only needed for errors."""
    current: list[tuple[Location, Value]] = [((), root)]
    for key, types in path:
        current = [
            place
            for location, value in current
            if not types or value.get("__typename") in types
            for place in _places(value.get(key), (*location, key))
        ]
    return current


def children(value: object) -> Iterator[Value]:
    """The objects in a value, through lists of any depth."""
    return (child for _, child in _places(value, ()))


def _places(value: object, location: Location) -> Iterator[tuple[Location, Value]]:
    if isinstance(value, dict):
        yield location, value
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _places(item, (*location, number))


def merge(target: Value, result: Value) -> None:
    """Add a result to an object. Nested objects are merged, lists item by item; what is known is never nulled."""
    if target.keys().isdisjoint(result):
        target.update(result)
        return
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
