"""What may not change in a published JSON Schema: within a version, only optional members may be added.

The rule holds in both directions. A consumer reads tomorrow's events with today's schema, and whoever replays reads
yesterday's events with tomorrow's; so an existing member neither narrows nor widens.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import orjson

Schema = dict[str, Any]

_WORDS_FOR_PEOPLE = frozenset({"$id", "$schema", "$comment", "title", "description", "examples", "deprecated"})
_COMPARED_PART_BY_PART = frozenset({"$ref", "$defs", "properties", "required", "items", "additionalProperties"})
_ALTERNATIVES = ("anyOf", "oneOf", "allOf", "prefixItems")


def breaking_changes(published: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What would break a consumer of ``published``, one line each; both map names to JSON Schemas as text."""
    problems: list[str] = []
    for name, text in published.items():
        if name in wanted:
            problems += [f"{name}: {problem}" for problem in _breaks(orjson.loads(text), orjson.loads(wanted[name]))]
        else:
            problems.append(f"{name}: a published event type is gone")
    return problems


def _breaks(old: Schema, new: Schema) -> list[str]:
    return list(dict.fromkeys(_Comparison(old, new).breaks("", old, new)))


class _Comparison:
    """Two versions of one schema, compared by what they admit: definitions may be renamed, moved or inlined."""

    def __init__(self, old_root: Schema, new_root: Schema) -> None:
        self._old_root = old_root
        self._new_root = new_root
        self._compared: set[tuple[str, str]] = set()

    def breaks(self, where: str, old: Any, new: Any) -> Iterator[str]:
        """The breaks at and below ``where``, a dotted path of members."""
        if not isinstance(old, dict) or not isinstance(new, dict):  # absent, or a boolean schema
            if old != new:
                yield f"{where} changed"
            return
        if self._is_recursive(old, new):
            return
        old, new = _resolved(old, self._old_root), _resolved(new, self._new_root)
        yield from _changed_keywords(where, old, new)
        yield from self._member_breaks(where, old, new)
        for keyword in ("items", "additionalProperties"):
            yield from self.breaks(f"{where}[]", old.get(keyword), new.get(keyword))
        for keyword in _ALTERNATIVES:
            yield from self._alternative_breaks(where, old.get(keyword, []), new.get(keyword, []))

    def _is_recursive(self, old: Schema, new: Schema) -> bool:
        """Whether this pair of definitions refers to itself; the second time there is nothing new to find."""
        if "$ref" not in old or "$ref" not in new:
            return False
        pair = (old["$ref"], new["$ref"])
        if pair in self._compared:
            return True
        self._compared.add(pair)
        return False

    def _member_breaks(self, where: str, old: Schema, new: Schema) -> Iterator[str]:
        was, now = old.get("properties", {}), new.get("properties", {})
        was_required, now_required = set(old.get("required", ())), set(new.get("required", ()))
        for name in was:
            member = _dotted(where, name)
            if name not in now:
                yield f"{member} is gone"
                continue
            if name in now_required - was_required:
                yield f"{member} became required"
            if name in was_required - now_required:
                yield f"{member} became optional"
            yield from self.breaks(member, was[name], now[name])
        for name in sorted(now_required - was.keys()):
            yield f"{_dotted(where, name)} is new and required"

    def _alternative_breaks(self, where: str, old: list[Any], new: list[Any]) -> Iterator[str]:
        if len(old) != len(new):
            yield f"{where} has other alternatives"
            return
        for was, now in zip(old, new, strict=True):
            yield from self.breaks(where, was, now)


def _changed_keywords(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """Every other keyword says what a value may be, a later version's new keywords too."""
    ignored = _WORDS_FOR_PEOPLE | _COMPARED_PART_BY_PART | set(_ALTERNATIVES)
    for keyword in sorted((old.keys() | new.keys()) - ignored):
        if old.get(keyword) != new.get(keyword):
            yield f"{where or 'data'} changed its {keyword}"


def _resolved(schema: Schema, root: Schema) -> Schema:
    """The schema that a reference means, with what stands beside the reference."""
    while "$ref" in schema:
        beside = {keyword: value for keyword, value in schema.items() if keyword != "$ref"}
        schema = {**_at(schema["$ref"], root), **beside}
    return schema


def _at(pointer: str, root: Schema) -> Schema:
    found: Any = root
    for step in pointer.removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def _dotted(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
