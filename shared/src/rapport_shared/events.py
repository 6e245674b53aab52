"""Events as data: one frozen class per event type and version, and the CloudEvents 1.0 envelope around it.

Wire form: the CloudEvents JSON format in structured mode (``application/cloudevents+json``), so that a message
is whole wherever it lies: a queue, a dead-letter queue, the log stream.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, ClassVar, TypeVar, dataclass_transform

import orjson
from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel

CONTENT_TYPE = "application/cloudevents+json"
TYPE_PREFIX = "rapport."


class Event:
    """Base of all event classes; made one by the ``event`` decorator."""

    # Readers accept members that they do not know: within a version, optional members may be added.
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        alias_generator=to_camel, validate_by_name=True, validate_by_alias=True, extra="ignore"
    )
    routing_key: ClassVar[str]
    """Such as ``customers.customer.updated.v1``."""
    subject_field: ClassVar[str]

    @property
    def subject(self) -> str:
        """The id of the aggregate that this is a fact about."""
        return str(getattr(self, self.subject_field))


def stream_of(routing_key: str) -> str:
    """What the event is a fact about: ``customers.customer`` of ``customers.customer.updated.v1``."""
    return routing_key.rsplit(".", 2)[0]


E = TypeVar("E", bound=type[Event])
EVENT_TYPES: dict[str, type[Event]] = {}
"""Every published event class by its routing key."""


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(name: str, *, version: int, subject: str) -> Callable[[E], E]:
    """Declare an event class.

    ``name`` is ``<service>.<aggregate>.<fact>``; ``subject`` is the field that holds the aggregate's id.
    """

    def declare(cls: E) -> E:
        made: E = dataclass(frozen=True, kw_only=True)(cls)  # type: ignore[assignment]
        made.routing_key = f"{name}.v{version}"
        made.subject_field = subject
        EVENT_TYPES[made.routing_key] = made
        return made

    return declare


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The CloudEvents context attributes of one event.

    ``version`` is the aggregate's version after the event; it orders the events of one subject.
    """

    id: str
    routing_key: str
    source: str
    subject: str
    time: datetime
    version: int
    actor: str
    correlation_id: str
    causation_id: str | None = None
    traceparent: str | None = None


class MalformedEvent(Exception):
    """A message that is no event of ours: not JSON, no CloudEvent, an unknown type, or data that breaks its schema."""


def encode(envelope: Envelope, event: Event) -> bytes:
    """The event in the CloudEvents JSON format."""
    attributes = {
        "specversion": "1.0",
        "id": envelope.id,
        "type": TYPE_PREFIX + envelope.routing_key,
        "source": envelope.source,
        "subject": envelope.subject,
        "time": envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "version": envelope.version,
        "actor": envelope.actor,
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "traceparent": envelope.traceparent,
        "data": adapter(type(event)).dump_python(event, mode="json", by_alias=True),
    }
    return orjson.dumps({name: value for name, value in attributes.items() if value is not None})


def decode(body: bytes) -> tuple[Envelope, Event]:
    """Read what ``encode`` wrote.

    Raises MalformedEvent, whose text names fields but never repeats values: they may be personal.
    """
    message = _cloud_event(body)
    routing_key = str(message["type"]).removeprefix(TYPE_PREFIX)
    event_type = EVENT_TYPES.get(routing_key)
    if event_type is None:
        raise MalformedEvent(f"unknown event type {routing_key[:100]}")
    try:
        event = adapter(event_type).validate_python(message.get("data"))
        envelope = Envelope(
            id=str(message["id"]),
            routing_key=routing_key,
            source=str(message["source"]),
            subject=str(message["subject"]),
            time=datetime.fromisoformat(message["time"]),
            version=int(message["version"]),
            actor=str(message["actor"]),
            correlation_id=str(message["correlationid"]),
            causation_id=message.get("causationid"),
            traceparent=message.get("traceparent"),
        )
    except ValidationError as invalid:
        fields = ", ".join(".".join(map(str, error["loc"])) + ": " + error["type"] for error in invalid.errors())
        raise MalformedEvent(f"data of {routing_key} breaks its schema: {fields}") from None
    except (KeyError, TypeError, ValueError) as broken:
        raise MalformedEvent(f"broken attribute in {routing_key}: {type(broken).__name__}") from None
    return envelope, event


def adapter(event_type: type[Event]) -> TypeAdapter[Event]:
    """The reader, writer and JSON Schema maker of an event class."""
    return _adapter(event_type.routing_key)


@cache
def _adapter(routing_key: str) -> TypeAdapter[Event]:
    return TypeAdapter(EVENT_TYPES[routing_key])


def _cloud_event(body: bytes) -> dict[str, Any]:
    try:
        message = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise MalformedEvent("not JSON") from None
    if not isinstance(message, dict) or message.get("specversion") != "1.0" or "type" not in message:
        raise MalformedEvent("not a CloudEvents 1.0 message")
    return message
