"""Events: the wire form is what its schema says, and is read back."""

from datetime import UTC, datetime

import jsonschema
import orjson
import pytest

from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.contracts.schemas import json_schemas
from rapport_shared.events import Envelope, MalformedEvent, decode, encode

STATE = CustomerState(kind="PERSON", stage="LEAD", owner_id=None)
EVENT = CustomerUpdated(customer_id="cus_1", changed=("name",), before=STATE, after=STATE)
ENVELOPE = Envelope(
    id="0192",
    routing_key=EVENT.routing_key,
    source="/rapport/customers",
    subject="cus_1",
    time=datetime(2026, 3, 1, 9, 30, tzinfo=UTC),
    version=3,
    actor="usr_1",
    correlation_id="req_1",
    causation_id="0191",
)
NAME = "customers.customer.updated.v1"


def test_the_wire_form_is_a_cloud_event_that_its_schema_describes() -> None:
    message = orjson.loads(encode(ENVELOPE, EVENT))
    assert message["specversion"] == "1.0"
    assert message["type"] == f"rapport.{NAME}"
    assert message["time"] == "2026-03-01T09:30:00Z"
    assert all(name.isalnum() and name.islower() for name in message)  # CloudEvents' rule for attribute names
    jsonschema.validate(message["data"], orjson.loads(json_schemas()[NAME]))


def test_what_is_written_is_read_back() -> None:
    assert decode(encode(ENVELOPE, EVENT)) == (ENVELOPE, EVENT)


def test_members_of_a_later_release_are_ignored() -> None:
    message = orjson.loads(encode(ENVELOPE, EVENT))
    message["data"]["mood"] = "good"
    assert decode(orjson.dumps(message)) == (ENVELOPE, EVENT)


def test_a_malformed_message_is_told_without_its_values() -> None:
    message = orjson.loads(encode(ENVELOPE, EVENT))
    message["data"]["customerId"] = {"name": "Zhang San"}
    with pytest.raises(MalformedEvent) as malformed:
        decode(orjson.dumps(message))
    assert "customerId" in str(malformed.value)
    assert "Zhang" not in str(malformed.value)
