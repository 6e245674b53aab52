"""AsyncAPI 3 documents of the published events: one of each service, and one of the whole platform."""

from collections.abc import Callable
from typing import Any, Final

from rapport_shared.contracts.examples import example_message
from rapport_shared.contracts.schemas import ENVELOPE, envelope_schema, event_schema, publisher
from rapport_shared.events import CONTENT_TYPE, EVENT_TYPES, TYPE_PREFIX

EXCHANGE: Final = "rapport.events"
PLATFORM: Final = "platform"
_BINDING_VERSION: Final = "0.3.0"

Json = dict[str, Any]
Locate = Callable[[str], str]
"""The reference under which a document finds a schema, by the schema's name."""


def linked_documents() -> dict[str, Json]:
    """The platform's document and one of each service that publishes events, by name.

    They belong in a folder beside the committed JSON Schemas, to which they refer.
    """
    services = sorted({publisher(routing_key) for routing_key in EVENT_TYPES})
    subjects = {PLATFORM: None, **{service: service for service in services}}
    return {
        name: _document(service, locate=lambda schema: f"../{schema}.schema.json") for name, service in subjects.items()
    }


def whole_document(service: str) -> Json:
    """A service's document that needs no other file."""
    document = _document(service, locate=lambda name: f"#/components/schemas/{name}")
    schemas = {name: event_schema(name) for name in document["channels"]}
    document["components"]["schemas"] = {
        name: _embedded(name, schema) for name, schema in {ENVELOPE: envelope_schema(), **schemas}.items()
    }
    return document


def _document(service: str | None, *, locate: Locate) -> Json:
    routing_keys = sorted(name for name in EVENT_TYPES if service in {None, publisher(name)})
    return {
        "asyncapi": "3.0.0",
        "info": _info(service),
        "defaultContentType": CONTENT_TYPE,
        "servers": {"broker": _server()},
        "channels": {name: _channel(name) for name in routing_keys},
        "operations": {name: _operation(name) for name in routing_keys},
        "components": {
            "messages": {name: _message(name, locate) for name in routing_keys},
            "securitySchemes": {"user": {"type": "userPassword", "description": "A user of the broker."}},
        },
    }


def _info(service: str | None) -> Json:
    whose = "all services" if service is None else f"the {service} service"
    return {
        "title": f"Rapport: events of {whose}",
        "version": "1.0.0",
        "description": (
            f"Every change of {whose}, as CloudEvents 1.0 in structured mode. Delivered at least once: note the ids "
            "that were handled, and ignore a version of a subject that is not newer. Each event type has a version of "
            "its own as its last part; within it, only optional members are added to `data`."
        ),
        "license": {"name": "Apache-2.0"},
    }


def _server() -> Json:
    return {
        "host": "{host}",
        "protocol": "amqp",
        "protocolVersion": "0.9.1",
        "description": "RabbitMQ.",
        "variables": {
            "host": {"default": "127.0.0.1:5672", "description": "Where your installation's broker answers."}
        },
        "security": [{"$ref": "#/components/securitySchemes/user"}],
    }


def _channel(routing_key: str) -> Json:
    exchange = {"name": EXCHANGE, "type": "topic", "durable": True, "autoDelete": False}
    return {
        "address": routing_key,
        "title": f"{EXCHANGE}: {routing_key}",
        "description": f"What the topic exchange `{EXCHANGE}` carries under the routing key `{routing_key}`.",
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {routing_key: {"$ref": f"#/components/messages/{routing_key}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": _BINDING_VERSION}},
    }


def _operation(routing_key: str) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{routing_key}"},
        "title": f"Publish {routing_key}",
        "summary": _summary(routing_key),
        "messages": [{"$ref": f"#/channels/{routing_key}/messages/{routing_key}"}],
        "bindings": {
            "amqp": {"deliveryMode": 2, "mandatory": True, "timestamp": True, "bindingVersion": _BINDING_VERSION}
        },
    }


def _message(routing_key: str, locate: Locate) -> Json:
    own = {
        "type": {"const": TYPE_PREFIX + routing_key},
        "source": {"const": f"/rapport/{publisher(routing_key)}"},
        "data": {"$ref": locate(routing_key)},
    }
    return {
        "name": TYPE_PREFIX + routing_key,
        "title": routing_key,
        "summary": _summary(routing_key),
        "contentType": CONTENT_TYPE,
        "correlationId": {"location": "$message.payload#/correlationid"},
        "payload": {"allOf": [{"$ref": locate(ENVELOPE)}, {"type": "object", "properties": own}]},
        "bindings": {"amqp": {"messageType": routing_key, "bindingVersion": _BINDING_VERSION}},
        "examples": [{"name": routing_key, "payload": example_message(routing_key)}],
    }


def _summary(routing_key: str) -> str:
    return " ".join((EVENT_TYPES[routing_key].__doc__ or "").split())


def _embedded(name: str, schema: Json) -> Json:
    """The schema as a part of a document: without an identity of its own, its references from the document's root."""
    part = {keyword: value for keyword, value in schema.items() if keyword not in {"$schema", "$id"}}
    embedded: Json = _moved(part, f"#/components/schemas/{name}")
    return embedded


def _moved(part: Any, root: str) -> Any:
    if isinstance(part, list):
        return [_moved(each, root) for each in part]
    if not isinstance(part, dict):
        return part
    reference = part.get("$ref")
    moved = {keyword: _moved(value, root) for keyword, value in part.items()}
    return moved | {"$ref": root + reference.removeprefix("#")} if isinstance(reference, str) else moved
