"""Representations of entities, read from the value tree; each distinct one is sent once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Any

import orjson

from rapport_gateway.execution.sharing import fetches_of, keys_of
from rapport_gateway.execution.values import Value, find, unite
from rapport_gateway.planning.fetch_graph import Path
from rapport_gateway.planning.plan import EntityBatch, InputField, InputObject, InputType, Keys, PlanNode


class _Unknown(Exception):
    """A needed value was never fetched (its fetch failed), so the entity cannot be asked for."""


Represent = Callable[[Value], Value | None]


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A path, and whether equal objects there become one. `starts` are shared paths that are above it, the longest
    first, each with what is left to go to what holds its objects."""

    path: Path
    is_shared: bool
    starts: tuple[tuple[Path, Path], ...]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedBatch:
    """What is the same for every run. `represent` gives None for what is no entity, or lacks something. `copies`:
    what is fetched for several objects must not be the same objects below them."""

    places: tuple[Place, ...]
    represent: Represent
    copies: bool = False


Known = dict[int, list[Value]]
"""What was found at shared paths, by the path's id: no object comes there later."""


@dataclass(slots=True)
class Gathered:
    """`representations` to send; per path of the batch, the objects to complete with the index of their answer.
    `copies`: see `PreparedBatch`."""

    representations: list[Value] = field(default_factory=list)
    targets: list[list[tuple[Value, int | None]]] = field(default_factory=list)
    copies: bool = False


def prepare_batches(node: PlanNode | None, shared: Collection[Keys]) -> dict[EntityBatch, PreparedBatch]:
    fetches = list(fetches_of(node))
    copies = any(fetch.by_context for fetch in fetches)
    batches = [batch for fetch in fetches for batch in fetch.entities]
    paths = {path: path for batch in batches for path in batch.paths if keys_of(path) in shared}

    def place(path: Path) -> Place:
        known = (paths.get(path[:length]) for length in range(len(path) - 1, 0, -1))
        starts = tuple((start, path[len(start) : -1]) for start in known if start)
        return Place(paths.get(path, path), path in paths, starts)

    return {
        batch: PreparedBatch(tuple(place(path) for path in batch.paths), _represent(batch.inputs), copies)
        for batch in batches
    }


def gather(root: Value, batch: PreparedBatch, found: Known) -> Gathered:
    """Where objects at one position equal each other in everything, they become one in the tree, and one target."""
    gathered = Gathered(copies=batch.copies)
    known: dict[bytes, int] = {}
    for place in batch.places:
        values = _found(root, place, found)
        targets: list[tuple[Value, int | None]] = []
        for value in values:
            representation = batch.represent(value)
            index = None
            if representation is not None:
                index = known.setdefault(orjson.dumps(representation), len(known))
                if index == len(gathered.representations):
                    gathered.representations.append(representation)
            targets.append((value, index))
        gathered.targets.append(targets)
    return gathered


def _found(root: Value, place: Place, found: Known) -> list[Value]:
    if place.is_shared and id(place.path) in found:
        return found[id(place.path)]
    for start, rest in place.starts:
        if id(start) in found:
            holders = find(rest, found[id(start)])
            break
    else:
        holders = find(place.path[:-1], [root])
    if not place.is_shared:
        return find(place.path[-1:], holders)
    united = found[id(place.path)] = unite(holders, place.path[-1])
    return united


def _represent(inputs: InputObject) -> Represent:
    by_type = {name: _representation(known) for name, known in inputs.by_type.items()}
    only = next(iter(inputs.by_type)) if len(inputs.by_type) == 1 else None

    def represent(value: Value) -> Value | None:
        type_name = value.get("__typename", only)
        if type_name is None:
            type_name = only
        known = by_type.get(type_name) if isinstance(type_name, str) else None
        return known(value) if known is not None else None

    return represent


def _representation(known: InputType) -> Represent:
    """The fields to send of a value, None when one is missing or its key is null."""
    sent_as = known.name
    keys = [item.name for item in known.fields if item.is_key]
    leaves = [(item.name, item.source) for item in known.fields if item.children is None]
    nested = tuple(item for item in known.fields if item.children is not None)

    def representation(value: Value) -> Value | None:
        result: Value = {"__typename": sent_as}
        try:
            for name, source in leaves:
                result[name] = value[source]
            if nested:
                result.update(_fields(value, nested))
        except (KeyError, _Unknown):
            return None
        for key in keys:
            if result[key] is not None:
                return result
        return None if keys else result

    return representation


def _fields(value: Value, fields: tuple[InputField, ...]) -> Value:
    result: Value = {}
    for item in fields:
        if item.source not in value:
            raise _Unknown
        found = value[item.source]
        result[item.name] = found if item.children is None else _nested(found, item.children)
    return result


def _nested(value: Any, inputs: InputObject) -> Any:
    if isinstance(value, list):
        return [_nested(item, inputs) for item in value]
    if not isinstance(value, dict):
        return None
    if not inputs.abstract:
        only = next(iter(inputs.by_type.values()), None)
        return _fields(value, only.fields) if only else {}
    type_name = value.get("__typename")
    known = inputs.by_type.get(str(type_name))
    return {"__typename": known.name, **_fields(value, known.fields)} if known else {"__typename": type_name}
