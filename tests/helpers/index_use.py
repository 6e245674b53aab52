"""Whether an index serves what a command reads, decided from the command and the indexes alone.

A database's own ``explain`` depends on its planner and on how many records there are; that an index *can* serve a
reading does not. An index serves where one of these holds:

- its first fields are fields of the condition, and one of them narrows (``deleted: false`` does not: most are not);
- after fields that the condition fixes it goes on in the order of the sort, the reading has a limit, and the index
  holds every field of the condition: then hardly more records are read than asked for;
- the reading only counts, and the index holds every field of the condition and of what it counts by: then no record
  is read.

An ``$or`` is served where each of its branches is.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

Condition = Mapping[str, Any]
_FIXING = frozenset({"$eq", "$in", "$all"})
_RANGES = frozenset({"$gt", "$gte", "$lt", "$lte"})


@dataclass(frozen=True)
class Keys:
    """An index: its fields with their directions, and the condition of a partial one."""

    fields: tuple[tuple[str, int], ...]
    only: Condition | None = None


@dataclass(frozen=True)
class Reading:
    """What a command reads of one collection."""

    collection: str
    condition: Condition
    sort: tuple[tuple[str, int], ...] = ()
    limited: bool = False
    counts: bool = False
    by: frozenset[str] = frozenset()
    hinted: bool = False


@dataclass(frozen=True)
class _Parts:
    """A condition taken apart: operators with their operands by field, and the branches of each ``$or``."""

    operators: defaultdict[str, list[tuple[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    branches: list[list[Condition]] = field(default_factory=list)

    def fixed(self, path: str) -> bool:
        return any(operator in _FIXING for operator, _ in self.operators.get(path, ()))

    def narrows(self, path: str) -> bool:
        return any(_narrows(*each) for each in self.operators.get(path, ()))


ID = Keys((("_id", 1),))


def readings(command: Condition) -> Iterator[Reading]:
    """What a ``find``, ``count``, ``distinct`` or ``aggregate`` reads; nothing of other commands."""
    if "find" in command:
        sort = tuple(command.get("sort", {}).items())
        yield Reading(command["find"], command.get("filter", {}), sort, limited=command.get("limit", 0) > 0)
    elif "aggregate" in command:
        reading = Reading(command["aggregate"], {}, hinted=command.get("hint") == "_id_")
        yield from _of_pipeline(reading, command["pipeline"])
    elif name := next((each for each in ("count", "distinct") if each in command), None):
        yield Reading(command[name], command.get("query", {}), counts=name == "count")


def served(reading: Reading, indexes: Iterable[Keys]) -> bool:
    """Whether one of the collection's indexes serves the reading."""
    known = [ID, *indexes]
    parts = _parts(reading.condition)
    if any(_serves(keys, reading, parts) for keys in known):
        return True
    rest = [{path: {operator: operand}} for path, each in parts.operators.items() for operator, operand in each]
    return any(
        all(served(Reading(reading.collection, {"$and": [branch, *rest]}), known) for branch in either)
        for either in parts.branches
    )


def _serves(keys: Keys, reading: Reading, parts: _Parts) -> bool:
    if keys.only is not None and not all(_implied(path, value, parts) for path, value in keys.only.items()):
        return False
    names = [name for name, _ in keys.fields]
    length = next((at for at, name in enumerate(names) if not parts.fixed(name)), len(names))
    if any(parts.narrows(name) for name in names[: length + 1]):
        return True
    holds_all = {*_paths(reading.condition), *reading.by} <= set(names)
    if reading.counts:
        return (length > 0 or (reading.hinted and keys is ID)) and holds_all
    return reading.limited and holds_all and _sorted(keys, reading.sort, parts)


def _sorted(keys: Keys, sort: Sequence[tuple[str, int]], parts: _Parts) -> bool:
    asked = [each for each in sort if not parts.fixed(each[0])]
    given = [each for each in keys.fields if not parts.fixed(each[0])][: len(asked)]
    return bool(asked) and given in (asked, [(name, -direction) for name, direction in asked])


def _parts(condition: Condition, prefix: str = "", into: _Parts | None = None) -> _Parts:
    parts = into or _Parts()
    for key, value in condition.items():
        if key == "$and":
            for each in value:
                _parts(each, prefix, parts)
        elif key == "$or" and not prefix:
            parts.branches.append(value)
        else:
            for operator, operand in _operators(value):
                if operator == "$elemMatch":
                    _parts(operand, f"{prefix}{key}.", parts)
                else:
                    parts.operators[f"{prefix}{key}"].append((operator, operand))
    return parts


def _operators(value: Any) -> list[tuple[str, Any]]:
    is_operators = isinstance(value, Mapping) and any(key.startswith("$") for key in value)
    return list(value.items()) if is_operators else [("$eq", value)]


def _paths(condition: Condition, prefix: str = "") -> Iterator[str]:
    """Every field that a condition names; what is no field, such as ``$nor``, stands for itself."""
    for key, value in condition.items():
        if key in ("$and", "$or"):
            for each in value:
                yield from _paths(each, prefix)
        elif isinstance(value, Mapping) and "$elemMatch" in value:
            yield from _paths(value["$elemMatch"], f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def _narrows(operator: str, operand: Any) -> bool:
    if operator == "$in":
        return all(_narrows("$eq", each) for each in operand)
    if operator == "$all":
        return any(_narrows("$eq", each) for each in operand)
    if operator == "$eq":
        return operand is not None and operand is not False
    return operator in _RANGES or (operator == "$regex" and str(operand).startswith("^"))


def _implied(path: str, wanted: Any, parts: _Parts) -> bool:
    given = parts.operators.get(path, [])
    if not isinstance(wanted, Mapping):
        return ("$eq", wanted) in given
    return all(each in given for each in wanted.items()) or parts.narrows(path)


def _of_pipeline(reading: Reading, pipeline: Sequence[Condition]) -> Iterator[Reading]:
    """The first stages say what is read of the collection; a ``$lookup`` reads of another."""
    leading = True
    for stage in pipeline:
        [(name, value)] = stage.items()
        leading = leading and name in ("$match", "$sort", "$limit")
        if leading:
            reading = _with(reading, name, value)
        elif name in ("$group", "$count") and stage is pipeline[-1]:
            reading = replace(reading, counts=True, by=frozenset(_named(value)))
        elif name == "$lookup":
            joined = {value["foreignField"]: {"$in": ["one"]}} if "foreignField" in value else {}
            yield from _of_pipeline(Reading(value["from"], joined), value.get("pipeline", []))
        elif name in ("$unionWith", "$graphLookup", "$facet"):
            raise ValueError(f"not known what {name} reads")
    yield reading


def _named(value: Any) -> Iterator[str]:
    """The fields that an expression names."""
    if isinstance(value, Mapping | list | tuple):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _named(each)
    elif isinstance(value, str) and value.startswith("$"):
        yield value.removeprefix("$")


def _with(reading: Reading, name: str, value: Any) -> Reading:
    if name == "$match":
        return replace(reading, condition={"$and": [reading.condition, value]})
    return replace(reading, sort=tuple(value.items())) if name == "$sort" else replace(reading, limited=True)
