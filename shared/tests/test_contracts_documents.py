"""The AsyncAPI documents: valid, whole, and each event's example is what its schemas say."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from inspect import signature
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.rabbitmq import RabbitMQMessage, from_rabbitmq_event
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from node_packages import node_modules
from pydantic.alias_generators import to_camel
from referencing import Registry
from referencing.jsonschema import DRAFT202012, Schema

from rapport_shared.contracts.__main__ import main
from rapport_shared.contracts.asyncapi import EXCHANGE, PLATFORM, linked_documents, whole_document
from rapport_shared.contracts.audit import SEALED
from rapport_shared.contracts.custom_fields import CustomFieldUpdated
from rapport_shared.contracts.examples import ExampleMissing, example_event, example_message
from rapport_shared.contracts.schemas import as_text, json_schemas, publisher
from rapport_shared.events import CONTENT_TYPE, EVENT_TYPES, Event, decode, event
from rapport_shared.ids import is_id
from rapport_shared.messaging.topology import EVENTS

REPOSITORY = Path(__file__).resolve().parents[2]
SERVICES = sorted({publisher(routing_key) for routing_key in EVENT_TYPES})
PARSER = "@asyncapi/parser@3.6.3"
# Prints one line for each finding of AsyncAPI's parser; 0 is an error, 1 a warning, 2 and 3 are hints.
PARSE = """
import { Parser, fromFile } from "@asyncapi/parser";
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await fromFile(new Parser(), file).parse();
  const found = diagnostics.filter(({ severity }) => severity < 2).map(({ message }) => message);
  console.log(JSON.stringify({ found, types: document?.allMessages().all().map((message) => message.name()) ?? [] }));
}
"""

Json = dict[str, Any]


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder like ``docs/events``, and what each service serves besides."""
    folder = tmp_path_factory.mktemp("events")
    for directory in ("asyncapi", "served"):
        (folder / directory).mkdir()
    for name, text in json_schemas().items():
        (folder / f"{name}.schema.json").write_text(text)
    for name, document in linked_documents().items():
        (folder / "asyncapi" / f"{name}.json").write_text(as_text(document))
    for service in SERVICES:
        (folder / "served" / f"{service}.json").write_text(as_text(whole_document(service)))
    return folder


def documents(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*.json"))


def references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for value in part.values():
            yield from references(value)
    elif isinstance(part, list):
        for value in part:
            yield from references(value)


def registry(folder: Path) -> "Registry[Schema]":
    """Every file of the folder under the address that it has there, not under the name that it gives itself."""
    contents = {path.as_uri(): orjson.loads(path.read_bytes()) for path in [*folder.glob("*.json"), *documents(folder)]}
    for content in contents.values():
        content.pop("$id", None)
    return Registry[Schema]().with_resources(
        [(uri, DRAFT202012.create_resource(content)) for uri, content in contents.items()]
    )


def messages(path: Path) -> dict[str, Json]:
    found: dict[str, Json] = orjson.loads(path.read_bytes())["components"]["messages"]
    return found


def test_there_is_a_document_of_each_service_and_one_of_all(published: Path) -> None:
    names = {path.relative_to(published).as_posix(): set(messages(path)) for path in documents(published)}
    assert set(names) == {f"asyncapi/{PLATFORM}.json"} | {
        f"{f}/{s}.json" for f in ("asyncapi", "served") for s in SERVICES
    }
    assert names[f"asyncapi/{PLATFORM}.json"] == set(EVENT_TYPES)
    for service in SERVICES:
        own = {name for name in EVENT_TYPES if name.startswith(f"{service}.")}
        assert names[f"asyncapi/{service}.json"] == names[f"served/{service}.json"] == own


def test_the_committed_documents_are_these(published: Path) -> None:
    for path in [*published.glob("*.json"), *published.glob("asyncapi/*.json")]:
        assert (REPOSITORY / "docs" / "events" / path.relative_to(published)).read_bytes() == path.read_bytes()


def test_every_reference_leads_somewhere(published: Path) -> None:
    files = registry(published)
    for path in documents(published):
        resolver = files.resolver(path.as_uri())
        found = set(references(orjson.loads(path.read_bytes())))
        assert found
        assert all(resolver.lookup(reference).contents for reference in found)
    assert not any(
        ".json" in each for path in published.glob("served/*") for each in references(json.loads(path.read_text()))
    )


def test_an_operation_sends_the_message_of_its_channel_through_the_exchange(published: Path) -> None:
    for path in documents(published):
        document = orjson.loads(path.read_bytes())
        assert set(document["operations"]) == set(document["channels"]) == set(document["components"]["messages"])
        for name, operation in document["operations"].items():
            assert operation["action"] == "send"
            assert operation["channel"] == {"$ref": f"#/channels/{name}"}
            assert operation["messages"] == [{"$ref": f"#/channels/{name}/messages/{name}"}]
            channel = document["channels"][name]
            assert channel["address"] == name
            assert channel["bindings"]["amqp"]["exchange"]["name"] == EXCHANGE == EVENTS


def test_each_example_is_what_its_message_says(published: Path) -> None:
    files = registry(published)
    for path in documents(published):
        for name, message in messages(path).items():
            reference = {"$ref": f"{path.as_uri()}#/components/messages/{name}/payload"}
            validator = Draft202012Validator(
                reference, registry=files, format_checker=Draft202012Validator.FORMAT_CHECKER
            )
            (example,) = message["examples"]
            assert message["contentType"] == CONTENT_TYPE
            validator.validate(example["payload"])
            for spoilt in _spoilt(example["payload"]):
                with pytest.raises(ValidationError):
                    validator.validate(spoilt)


def _spoilt(message: Json) -> Iterator[Json]:
    """Messages that the schema must refuse: another type, another source, a missing attribute, broken data."""
    yield message | {"type": "rapport.tests.parcel.sent.v1"}
    yield message | {"source": "/rapport/tests"}
    yield {name: value for name, value in message.items() if name != "correlationid"}
    event_type = EVENT_TYPES[message["type"].removeprefix("rapport.")]
    members = signature(event_type).parameters.values()
    optional = {to_camel(each.name) for each in members if each.default is not each.empty}
    for name in message["data"]:
        if name not in optional:
            yield message | {"data": {member: value for member, value in message["data"].items() if member != name}}
        yield message | {"data": message["data"] | {name: [7]}}


@pytest.mark.parametrize("routing_key", sorted(EVENT_TYPES))
def test_an_example_is_an_event_and_is_the_same_each_time(routing_key: str) -> None:
    message = example_message(routing_key)
    assert message == example_message(routing_key)
    envelope, made = decode(orjson.dumps(message))
    assert made == example_event(EVENT_TYPES[routing_key])
    assert envelope.subject == made.subject
    # A record is known by its id, a role by its name, an audit log by its service, settings by what they are of.
    assert is_id(envelope.subject[:3], envelope.subject) or envelope.subject in {"SALES", "pool", *SEALED}
    data = vars(made)
    if "before" in data:
        before, after = vars(data["before"]), vars(data["after"])
        differing = {name for name in before if before[name] != after[name]}
        assert differing == set(data.get("changed", differing)) & before.keys()
        silent = "purpose" in data or isinstance(made, CustomFieldUpdated)
        assert differing or silent, "only consents and rules of fields are nothing that is told of a record"


@pytest.mark.parametrize("routing_key", sorted(EVENT_TYPES))
def test_the_official_sdk_reads_every_event(routing_key: str) -> None:
    message = example_message(routing_key)
    read = from_rabbitmq_event(RabbitMQMessage({}, CONTENT_TYPE, orjson.dumps(message)))
    assert read.get_type() == f"rapport.{routing_key}"
    assert read.get_specversion() == "1.0"
    assert read.get_time() == decode(orjson.dumps(message))[0].time
    assert read.get_data() == message["data"]
    attributes = set(read.get_attributes())
    assert attributes == message.keys() - {"data"}
    assert all(re.fullmatch("[a-z0-9]+", name) for name in attributes)
    assert {name: read.get_extension(name) for name in ("version", "actor", "correlationid")} == {
        name: message[name] for name in ("version", "actor", "correlationid")
    }


def test_an_event_whose_example_is_missing_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    try:

        @event("tests.parcel.sent", version=1, subject="parcel_id")
        class ParcelSent(Event):
            parcel_id: str

        with pytest.raises(ExampleMissing, match=r"tests\.parcel\.sent\.v1: .* parcel_id"):
            example_message(ParcelSent.routing_key)
        monkeypatch.setattr(sys, "argv", ["contracts", str(tmp_path)])
        with pytest.raises(SystemExit, match="2"):
            main()
        assert "tests.parcel.sent.v1: name an example value of parcel_id" in capsys.readouterr().err
        assert list(tmp_path.iterdir()) == []
    finally:
        EVENT_TYPES.pop("tests.parcel.sent.v1")


def parse(files: list[Path], scratch: Path) -> list[Json]:
    """What AsyncAPI's own parser says of each file."""
    (scratch / "node_modules").symlink_to(node_modules(PARSER))
    script = scratch / "parse.mjs"
    script.write_text(PARSE)
    done = subprocess.run(["node", script, *files], capture_output=True, text=True, timeout=100, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.timeout(240)
def test_the_parser_of_asyncapi_finds_nothing_to_complain_of(published: Path, tmp_path: Path) -> None:
    broken = [published / "asyncapi" / f"_{number}.json" for number in range(3)]
    document = (published / "asyncapi" / "tasks.json").read_text()
    broken[0].write_text(document.replace('"action": "send"', '"action": "shout"'))
    broken[1].write_text(document.replace("../tasks.task.created.v1.schema.json", "../nowhere.schema.json"))
    whole = (published / "served" / "tasks.json").read_text()
    broken[2].write_text(
        whole.replace('"type": "boolean"', '"type": "perhaps"').replace('"type": "string"', '"type": "text"')
    )
    try:
        files = [path for path in documents(published) if path not in broken]
        *reports, wrong_action, wrong_reference, wrong_schema = parse([*files, *broken], tmp_path)
    finally:
        for path in broken:
            path.unlink()
    for path, report in zip(files, reports, strict=True):
        assert report["found"] == [], path.name
        assert {name.removeprefix("rapport.") for name in report["types"]} == set(messages(path))
    assert wrong_action["found"]
    assert wrong_reference["found"]
    assert wrong_schema["found"]
