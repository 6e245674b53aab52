"""Entities whose fields have arguments that are filled from objects further up: told apart by those values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from rapport_gateway.execution.representations import Gathered, Known, PreparedBatch, gather
from rapport_gateway.execution.values import Value, children
from rapport_gateway.planning.fetch_graph import Path
from rapport_gateway.planning.plan import ContextReading, EntityBatch, InputObject

Part = tuple[EntityBatch, Gathered, Value]
"""What is asked for with the same values of the context variables, by variable."""


class _Unknown(Exception):
    """The value was never fetched (its fetch failed), so the field cannot be asked for."""


def apart(root: Value, batch: EntityBatch, prepared: PreparedBatch, found: Known) -> list[Part]:
    """The batch in as many parts as there are different values."""
    if not batch.contexts:
        return [(batch, gather(root, prepared, found), {})]
    parts: dict[bytes, tuple[Part, dict[bytes, int]]] = {}
    for number, path in enumerate(batch.paths):
        readings = [value.readings[number] for value in batch.contexts]
        for entity, above in _with_above(root, path, sorted({reading.depth for reading in readings})):
            try:
                values = {value.variable: _read(above, value.readings[number]) for value in batch.contexts}
            except _Unknown:
                continue
            representation = prepared.represent(entity)
            if representation is None:
                continue
            key = orjson.dumps(values)
            if key not in parts:
                targets: list[list[tuple[Value, int | None]]] = [[] for _ in batch.paths]
                parts[key] = (batch, Gathered(targets=targets, copies=True), values), {}
            (_, gathered, _), known = parts[key]
            index = known.setdefault(orjson.dumps(representation), len(known))
            if index == len(gathered.representations):
                gathered.representations.append(representation)
            gathered.targets[number].append((entity, index))
    return [part for part, _ in parts.values()]


def _with_above(root: Value, path: Path, depths: list[int]) -> Iterator[tuple[Value, dict[int, Value]]]:
    """The objects at the path, each with those that it is under, at the depths."""
    current: list[tuple[Value, dict[int, Value]]] = [(root, {0: root})]
    for depth, (key, types) in enumerate(path, start=1):
        current = [
            (child, {**above, depth: child} if depth in depths else above)
            for value, above in current
            if not types or value.get("__typename") in types
            for child in children(value.get(key))
        ]
    yield from current


def _read(above: dict[int, Value], reading: ContextReading) -> Any:
    return _value(above[reading.depth], reading.inputs)


def _value(value: Any, inputs: InputObject) -> Any:
    """Down the one field of each object; lists give lists."""
    if isinstance(value, list):
        return [_value(item, inputs) for item in value]
    if not isinstance(value, dict):
        return None
    only = next(iter(inputs.by_type)) if len(inputs.by_type) == 1 else None
    known = inputs.by_type.get(str(value.get("__typename", only)))
    if known is None or not known.fields or known.fields[0].source not in value:
        raise _Unknown
    field = known.fields[0]
    found = value[field.source]
    return found if field.children is None else _value(found, field.children)
