"""Representations of entities, read from the value tree; each distinct one is sent once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from rapport_gateway.execution.values import Value, find
from rapport_gateway.planning.plan import EntityBatch, InputField, InputObject


class _Unknown(Exception):
    """A needed value was never fetched (its fetch failed), so the entity cannot be asked for."""


@dataclass(slots=True)
class Gathered:
    """`representations` to send; per path of the batch, the objects to complete with the index of their answer."""

    representations: list[Value] = field(default_factory=list)
    targets: list[list[tuple[Value, int | None]]] = field(default_factory=list)


def gather(root: Value, batch: EntityBatch) -> Gathered:
    gathered = Gathered()
    known: dict[bytes, int] = {}
    for path in batch.paths:
        targets: list[tuple[Value, int | None]] = []
        for value in find(root, path):
            representation = _representation(value, batch.inputs)
            index = None
            if representation is not None:
                index = known.setdefault(orjson.dumps(representation), len(known))
                if index == len(gathered.representations):
                    gathered.representations.append(representation)
            targets.append((value, index))
        gathered.targets.append(targets)
    return gathered


def _representation(value: Value, inputs: InputObject) -> Value | None:
    type_name = value.get("__typename")
    if type_name is None and len(inputs.by_type) == 1:
        type_name = next(iter(inputs.by_type))
    known = inputs.by_type.get(type_name) if isinstance(type_name, str) else None
    if known is None:
        return None
    try:
        result = {"__typename": known.name, **_fields(value, known.fields)}
    except _Unknown:
        return None
    keys = [result[item.name] for item in known.fields if item.is_key]
    return None if keys and all(key is None for key in keys) else result


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
