"""JSON Schemas of the published events, and what may not change in them."""

from collections.abc import Mapping
from typing import Any

import orjson

import rapport_shared.contracts  # noqa: F401 - registers every event type
from rapport_shared.events import EVENT_TYPES, TYPE_PREFIX, adapter


def json_schemas() -> dict[str, str]:
    """The JSON Schema (2020-12) of every event's ``data`` by routing key, as text."""
    return {name: _text(_schema(name)) for name in sorted(EVENT_TYPES)}


def breaking_changes(published: Mapping[str, str], wanted: Mapping[str, str]) -> list[str]:
    """What would break a consumer of ``published``: within a version, only optional members may be added."""
    problems: list[str] = []
    for name, text in published.items():
        if name not in wanted:
            problems.append(f"{name}: a published event type is gone")
            continue
        problems += [f"{name}: {problem}" for problem in _breaks(orjson.loads(text), orjson.loads(wanted[name]))]
    return problems


def _schema(routing_key: str) -> dict[str, Any]:
    event_type = EVENT_TYPES[routing_key]
    schema = adapter(event_type).json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:rapport:event:{routing_key}",
        **schema,
        "title": TYPE_PREFIX + routing_key,
    }


def _text(schema: dict[str, Any]) -> str:
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()


def _breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    objects_of = {"": (old, new)} | {
        name: (definition, new.get("$defs", {}).get(name, {})) for name, definition in old.get("$defs", {}).items()
    }
    return [problem for where, (was, now) in objects_of.items() for problem in _object_breaks(where, was, now)]


def _object_breaks(where: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    was, now = old.get("properties", {}), new.get("properties", {})
    dotted = f"{where}." if where else ""
    problems = [f"{dotted}{name} is gone" for name in was.keys() - now.keys()]
    problems += [f"{dotted}{name} changed" for name in was.keys() & now.keys() if _type(was[name]) != _type(now[name])]
    problems += [f"{dotted}{name} is new and required" for name in set(new.get("required", ())) - was.keys()]
    return problems


def _type(member: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in member.items() if key not in {"title", "description", "default"}}
