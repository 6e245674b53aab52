"""JSON Schemas of the published events and of the envelope around them."""

from typing import Any, Final

import orjson

import rapport_shared.contracts  # noqa: F401 - registers every event type
from rapport_shared.events import EVENT_TYPES, TYPE_PREFIX, adapter

ENVELOPE: Final = "envelope"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TEXT: Final = {"type": "string", "minLength": 1}


def json_schemas() -> dict[str, str]:
    """The JSON Schema (2020-12) of every event's ``data`` by routing key, and of the envelope, as text."""
    schemas = {name: event_schema(name) for name in sorted(EVENT_TYPES)}
    return {name: as_text(schema) for name, schema in {ENVELOPE: envelope_schema(), **schemas}.items()}


def event_schema(routing_key: str) -> dict[str, Any]:
    """The schema of one event's ``data``."""
    schema = adapter(EVENT_TYPES[routing_key]).json_schema(by_alias=True, mode="serialization")
    return {
        "$schema": _DIALECT,
        "$id": f"urn:rapport:event:{routing_key}",
        **schema,
        "title": TYPE_PREFIX + routing_key,
    }


def envelope_schema() -> dict[str, Any]:
    """The schema of a whole message, whatever its type: CloudEvents 1.0 and the extensions that every event has."""
    members: dict[str, tuple[str, dict[str, Any]]] = {
        "specversion": ("The version of CloudEvents.", {"const": "1.0"}),
        "id": ("A UUIDv7, the same each time the event is delivered.", {**_TEXT, "format": "uuid"}),
        "type": ("What happened.", {"type": "string", "pattern": r"^rapport(\.[a-z_]+){3}\.v[1-9][0-9]*$"}),
        "source": ("The service that says so.", {"type": "string", "pattern": "^/rapport/[a-z]+$"}),
        "subject": ("The id of the record that changed.", _TEXT),
        "time": ("When it was recorded, in UTC.", {"type": "string", "format": "date-time"}),
        "datacontenttype": ("What ``data`` is.", {"const": "application/json"}),
        "version": ("The record's version after the event; orders one subject's.", {"type": "integer", "minimum": 1}),
        "actor": ("The id of who did it; ``system`` for what followed from another event.", _TEXT),
        "correlationid": ("The request that began the chain.", _TEXT),
        "causationid": ("The id of the event that this one followed from.", _TEXT),
        "traceparent": ("W3C trace context, where the request had one.", _TEXT),
        "data": ("The facts; the event type's own schema describes them.", {"type": "object"}),
    }
    return {
        "$schema": _DIALECT,
        "$id": "urn:rapport:event-envelope",
        "title": "CloudEvent of Rapport",
        "type": "object",
        "properties": {name: {"description": text, **schema} for name, (text, schema) in members.items()},
        "required": [name for name in members if name not in {"causationid", "traceparent"}],
    }


def publisher(routing_key: str) -> str:
    """The service that publishes the event type."""
    return routing_key.partition(".")[0]


def as_text(document: dict[str, Any]) -> str:
    """The committed form of a schema or document."""
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
