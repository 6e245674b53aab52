"""Within a version only optional members are added: every other change of a published schema is told."""

import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import orjson
import pytest

from rapport_shared.contracts.__main__ import main
from rapport_shared.contracts.evolution import breaking_changes
from rapport_shared.contracts.schemas import json_schemas

NAME = "tests.parcel.sent.v1"
EVENT = "customers.customer.updated.v1"
PUBLISHED: dict[str, Any] = {
    "$defs": {
        "State": {
            "type": "object",
            "properties": {
                "kind": {"enum": ["BOX", "BAG"], "type": "string"},
                "weight": {"type": "integer", "minimum": 1},
                "fragile": {"type": "boolean", "default": False},
            },
            "required": ["kind", "weight"],
        },
        "Step": {"type": "object", "properties": {"next": {"anyOf": [{"$ref": "#/$defs/Step"}, {"type": "null"}]}}},
    },
    "type": "object",
    "properties": {
        "parcelId": {"title": "Parcelid", "type": "string"},
        "sentAt": {"type": "string", "format": "date-time"},
        "carrier": {"const": "POST"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "before": {"$ref": "#/$defs/State"},
        "after": {"$ref": "#/$defs/State"},
        "route": {"$ref": "#/$defs/Step"},
        "prices": {"type": "object", "additionalProperties": {"type": "integer"}},
    },
    "required": ["parcelId", "sentAt", "carrier", "tags", "before", "after"],
}

Change = Callable[[dict[str, Any], dict[str, Any]], object]
"""Changes a schema in place, given its members and those of the nested definition."""


def rename(members: dict[str, Any], old: str, new: str) -> None:
    members[new] = members.pop(old)


BREAKING: dict[str, tuple[str, Change]] = {
    "removed": ("note is gone", lambda own, _: own.pop("note")),
    "renamed": ("note is gone", lambda own, _: rename(own, "note", "remark")),
    "nested removed": ("before.weight is gone", lambda _, nested: nested.pop("weight")),
    "other type": ("parcelId changed its type", lambda own, _: own["parcelId"].update(type="integer")),
    "wider type": ("parcelId changed its type", lambda own, _: own["parcelId"].update(type=["string", "null"])),
    "nested wider type": ("before.weight changed its type", lambda _, nested: nested["weight"].update(type="number")),
    "narrower alternatives": ("note has other alternatives", lambda own, _: own["note"]["anyOf"].pop()),
    "wider alternatives": ("note has other", lambda own, _: own["note"]["anyOf"].append({"type": "integer"})),
    "other alternative": ("note changed its type", lambda own, _: own["note"]["anyOf"][0].update(type="integer")),
    "narrower enum": ("before.kind changed its enum", lambda _, nested: nested["kind"]["enum"].pop()),
    "wider enum": ("before.kind changed its enum", lambda _, nested: nested["kind"]["enum"].append("TUBE")),
    "other const": ("carrier changed its const", lambda own, _: own["carrier"].update(const="DRONE")),
    "other format": ("sentAt changed its format", lambda own, _: own["sentAt"].update(format="date")),
    "no format": ("sentAt changed its format", lambda own, _: own["sentAt"].pop("format")),
    "other limit": ("before.weight changed its minimum", lambda _, nested: nested["weight"].update(minimum=0)),
    "new limit": ("parcelId changed its maxLength", lambda own, _: own["parcelId"].update(maxLength=9)),
    "other default": ("before.fragile changed its default", lambda _, nested: nested["fragile"].update(default=True)),
    "other items": ("tags[] changed its type", lambda own, _: own["tags"]["items"].update(type="integer")),
    "no items": ("tags[] changed", lambda own, _: own["tags"].pop("items")),
    "other map": (
        "prices[] changed its type",
        lambda own, _: own["prices"]["additionalProperties"].update(type="null"),
    ),
}


def changed(change: Change) -> str:
    schema = deepcopy(PUBLISHED)
    change(schema["properties"], schema["$defs"]["State"]["properties"])
    return orjson.dumps(schema).decode()


def problems(wanted: str) -> list[str]:
    return breaking_changes({NAME: orjson.dumps(PUBLISHED).decode()}, {NAME: wanted})


@pytest.mark.parametrize(("told", "change"), BREAKING.values(), ids=BREAKING.keys())
def test_a_changed_member_breaks_consumers(told: str, change: Change) -> None:
    (problem,) = problems(changed(change))
    assert problem.startswith(f"{NAME}: {told}")


@pytest.mark.parametrize(
    ("path", "before", "after", "told"),
    [
        (["required"], [], ["note"], "note became required"),
        (["required"], ["tags"], [], "tags became optional"),
        (["required"], [], ["colour"], "colour is new and required"),
        (["$defs", "State", "required"], [], ["fragile"], "before.fragile became required"),
        (["$defs", "State", "required"], ["kind"], [], "before.kind became optional"),
        (["$defs", "State", "required"], [], ["colour"], "before.colour is new and required"),
    ],
)
def test_what_is_required_stays_so(path: list[str], before: list[str], after: list[str], told: str) -> None:
    schema = deepcopy(PUBLISHED)
    owner = schema
    for step in path[:-1]:
        owner = owner[step]
    owner["required"] = [name for name in owner["required"] if name not in before] + after
    assert problems(orjson.dumps(schema).decode()) == [f"{NAME}: {told}"]


def test_an_additive_change_breaks_nobody() -> None:
    schema = deepcopy(PUBLISHED)
    schema["properties"]["colour"] = {"type": "string", "default": ""}
    schema["$defs"]["State"]["properties"]["height"] = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    schema["properties"]["parcelId"] |= {"title": "Parcel", "description": "Its id.", "examples": ["par_1"]}
    schema["properties"]["note"]["anyOf"][0]["title"] = "Note"
    assert problems(orjson.dumps(schema).decode()) == []


def test_a_definition_may_be_renamed_and_may_take_another_place() -> None:
    schema = deepcopy(PUBLISHED)
    schema["$defs"]["Condition"] = schema["$defs"].pop("State")
    schema["properties"]["before"] = {"$ref": "#/$defs/Condition"}
    schema["properties"]["after"] = deepcopy(schema["$defs"]["Condition"])
    assert problems(orjson.dumps(schema).decode()) == []


def test_a_change_in_a_definition_that_refers_to_itself_is_noticed() -> None:
    schema = deepcopy(PUBLISHED)
    schema["$defs"]["Step"]["properties"]["next"]["anyOf"][1] = {"type": "string"}
    assert problems(orjson.dumps(schema).decode()) == [f"{NAME}: route.next changed its type"]


def check(folder: Path, monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    monkeypatch.setattr(sys, "argv", ["contracts", str(folder), *options])
    return main()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What was published: written from the event classes."""
    assert check(tmp_path, monkeypatch) == 0
    assert check(tmp_path, monkeypatch, "--check") == 0
    return tmp_path


def test_the_check_refuses_a_breaking_change_and_nothing_is_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / f"{EVENT}.schema.json"
    published = orjson.loads(path.read_bytes())
    published["properties"]["mood"] = {"type": "string"}  # which the class of today has not
    path.write_bytes(orjson.dumps(published))
    assert check(folder, monkeypatch, "--check") == 1
    assert f"{EVENT}.schema.json: mood is gone" in capsys.readouterr().err
    assert check(folder, monkeypatch) == 1
    assert orjson.loads(path.read_bytes()) == published


def test_the_check_refuses_an_event_type_that_is_gone(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / f"{NAME}.schema.json").write_text("{}")
    assert check(folder, monkeypatch, "--check") == 1
    assert f"{NAME}.schema.json: a published event type is gone" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["envelope.schema.json", "asyncapi/platform.json", "asyncapi/tasks.json"])
def test_the_check_refuses_what_is_missing_or_stale(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = folder / name
    path.write_bytes(orjson.dumps(orjson.loads(path.read_bytes())))
    assert check(folder, monkeypatch, "--check") == 1
    assert f"{name} is not up to date" in capsys.readouterr().err
    path.unlink()
    assert check(folder, monkeypatch, "--check") == 1
    assert f"{name} is missing" in capsys.readouterr().err


def test_the_check_refuses_a_document_of_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "asyncapi" / "parcels.json").write_text("{}")
    assert check(folder, monkeypatch, "--check") == 1
    assert "asyncapi/parcels.json describes nothing that is published" in capsys.readouterr().err


def test_every_schema_says_which_event_it_is_of() -> None:
    ids = {name: orjson.loads(text)["$id"] for name, text in json_schemas().items()}
    assert len(set(ids.values())) == len(ids)
    assert ids[EVENT] == f"urn:rapport:event:{EVENT}"
