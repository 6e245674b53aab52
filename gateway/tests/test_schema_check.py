"""`check`: seeded breaking changes are caught, whatever kind they are; harmless ones pass."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, source

from rapport_gateway.checking.check import Report, check
from rapport_gateway.checking.recorded import RecordedOperation, UnreadableOperations, read_operations
from rapport_gateway.composing import compose_supergraph

PEOPLE = """
type Query {
  person(id: ID!): Person
  people(filter: PeopleFilter, first: Int = 10): [Person!]!
  search(text: String!): [Found!]!
}
type Mutation { rename(id: ID!, name: String!): Person }
type Subscription { renamed: Person }
interface Named { name: String! }
type Person implements Named @key(fields: "id") {
  id: ID! name: String! @shareable email: String stage: Stage! tags: [String!]!
}
type Company implements Named { name: String! size: Int! }
union Found = Person | Company
enum Stage { LEAD CUSTOMER LOST }
input PeopleFilter { stage: Stage  name: String }
"""
WORK = """
type Query { task(id: ID!): Task }
type Task @key(fields: "id") { id: ID! title: String! done: Boolean! of: Person! @provides(fields: "name") }
type Person @key(fields: "id") { id: ID! name: String! @external tasks(done: Boolean): [Task!]! }
"""
OPERATIONS = [
    RecordedOperation(
        "Person", 'query Person { person(id: "1") { id name email stage tags tasks(done: true) { title } } }', 7
    ),
    RecordedOperation(
        "People",
        "query People($f: PeopleFilter) { people(filter: $f, first: 5) { ...F } } fragment F on Named { name }",
    ),
    RecordedOperation("Search", 'query Search { search(text: "x") { ... on Company { size } ... on Person { id } } }'),
    RecordedOperation("Leads", 'query Leads { people(filter: {stage: LOST, name: "x"}) { name } }'),
    RecordedOperation("Rename", 'mutation Rename { rename(id: "1", name: "x") { name } }'),
    RecordedOperation("Renamed", "subscription Renamed { renamed { name } }"),
    RecordedOperation("Task", 'query Task { task(id: "1") { done of { name } } }'),
]
# Name: what is replaced with what, in which subgraph; the operations that it breaks, None where it does not compose.
BREAKING: dict[str, tuple[str, str, str, set[str] | None]] = {
    "a field is removed": ("people", " email: String", "", {"Person"}),
    "a field is renamed": ("people", "tags: [String!]!", "labels: [String!]!", {"Person"}),
    "a field may be null now": ("work", "done: Boolean! of", "done: Boolean of", {"Task"}),
    "items may be null now": ("people", "tags: [String!]!", "tags: [String]!", {"Person"}),
    "a value is of another scalar": ("people", "size: Int!", "size: String!", {"Search"}),
    "a list is one value now": ("people", "tags: [String!]!", "tags: String!", {"Person"}),
    "a root field is removed": ("people", "  search(text: String!): [Found!]!", "", {"Search"}),
    "a mutation is removed": ("people", "rename(", "renamePerson(", {"Rename"}),
    "all subscriptions are removed": ("people", "type Subscription { renamed: Person }", "", {"Renamed"}),
    "an argument is removed": ("work", "tasks(done: Boolean)", "tasks", {"Person"}),
    "an argument is required now": ("people", "first: Int = 10", "first: Int = 10, after: ID!", {"People", "Leads"}),
    "an argument is of another type": ("people", "name: String!): Person }", "name: Int!): Person }", {"Rename"}),
    "an enum value is removed": ("people", " LOST", "", {"Leads"}),
    "an input field is removed": ("people", "  name: String }", " }", {"Leads"}),
    "an input field is required now": ("people", "stage: Stage  name", "stage: Stage  owner: ID!  name", {"Leads"}),
    "a union loses a type": ("people", "Found = Person | Company", "Found = Person", {"Search"}),
    "a type loses its interface": ("people", "type Person implements Named @key", "type Person @key", {"People"}),
    "a field is not for clients any more": ("people", "email: String", "email: String @inaccessible", {"Person"}),
    "an entity loses its key": ("people", 'Named @key(fields: "id") {', "Named {", None),
    "two subgraphs disagree": ("work", "name: String! @external", "name: Int!", None),
    "a type is unknown": ("work", "of: Person! @p", "of: Persn! @p", None),
    "an enum becomes a text": ("people", "enum Stage { LEAD CUSTOMER LOST }", "scalar Stage", set()),
}  # fmt: skip
HARMLESS = {
    "a new field": ("people", "email: String", "email: String phone: String"),
    "a new optional argument": ("work", "tasks(done: Boolean)", "tasks(done: Boolean, first: Int)"),
    "never null any more": ("people", "email: String", "email: String!"),
    "an argument that may be left out now": (
        "people",
        "rename(id: ID!, name: String!)",
        "rename(id: ID!, name: String)",
    ),
    "a new root field": ("work", "task(id: ID!): Task }", "task(id: ID!): Task tasks: [Task!]! }"),
    "a description": ("people", "type Company", '"Who employs." type Company'),
}


def sources(**changed: str) -> list[Any]:
    texts = {"people": PEOPLE, "work": WORK} | changed
    return [source(name, LINK + sdl) for name, sdl in texts.items()]


def checked(subgraph: str, old: str, new: str) -> Report:
    text = {"people": PEOPLE, "work": WORK}[subgraph]
    assert text.count(old) == 1, "the seed must be sown once"
    return check(compose_supergraph(sources()), sources(**{subgraph: text.replace(old, new)}), OPERATIONS)


@pytest.mark.parametrize("seed", BREAKING)
def test_a_breaking_change_is_caught(seed: str) -> None:
    subgraph, old, new, breaks = BREAKING[seed]
    report = checked(subgraph, old, new)
    assert not report.passes()
    if breaks is None:
        assert report.problems
        return
    assert report.problems == ()
    assert report.breaking
    assert {broken.operation.name for broken in report.broken} == breaks
    assert all(broken.reasons for broken in report.broken)


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_passes(change: str) -> None:
    report = checked(*HARMLESS[change])
    assert report.passes()
    assert (report.breaking, report.broken, report.checked) == ((), (), len(OPERATIONS))


def test_nothing_changed_is_nothing_broken() -> None:
    assert check(compose_supergraph(sources()), sources(), OPERATIONS) == Report(checked=len(OPERATIONS))


def test_what_nobody_uses_may_go_where_that_is_asked_for() -> None:
    report = check(compose_supergraph(sources()), sources(people=PEOPLE.replace(" LOST", "")), OPERATIONS[:2])
    assert (report.passes(), report.passes(only_used=True)) == (False, True)


def test_what_may_surprise_clients_is_told() -> None:
    assert checked("people", "LOST }", "LOST WON }").dangerous == (
        "VALUE_ADDED_TO_ENUM: Enum value Stage.WON was added.",
    )


def test_what_is_not_valid_today_is_told_and_breaks_nothing() -> None:
    gone = [RecordedOperation("Gone", "{ gone }"), RecordedOperation("Torn", "{ torn")]
    report = check(compose_supergraph(sources()), sources(), gone)
    assert report.passes()
    assert [name for name, _ in report.out_of_use] == ["Gone", "Torn"]


def test_operations_are_read_from_documents_and_manifests(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.graphql").write_text("{ a }")
    apollo = {
        "format": "apollo-persisted-query-manifest",
        "operations": [{"id": "1", "name": "B", "body": "query B { b }"}],
    }
    (tmp_path / "apollo.json").write_text(json.dumps(apollo))
    (tmp_path / "relay.json").write_text(json.dumps({"0a1b": "query C { c }"}))
    recorded = {
        "operations": [{"name": "B", "body": "query B { b }", "count": 3}, {"name": "D", "body": "{ d }", "count": 4}]
    }
    (tmp_path / "recorded.json").write_text(json.dumps(recorded))
    found = {operation.text: (operation.name, operation.count) for operation in read_operations([tmp_path])}
    assert found == {
        "{ a }": ("a.graphql", None),
        "query B { b }": ("B", 3),
        "query C { c }": ("0a1b", None),
        "{ d }": ("D", 4),
    }


@pytest.mark.parametrize("content", ["[", "[1]", '{"operations": [{"id": "1"}]}', '{"operations": 1}', '{"a": 1}'])
def test_a_file_of_another_form_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(UnreadableOperations, match=r"odd\.json"):
        read_operations([tmp_path])


async def run(*arguments: str) -> tuple[int | None, str, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "rapport_gateway", "check", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await process.communicate()
    return process.returncode, out.decode(), err.decode()


async def test_the_command_tells_what_breaks_and_whom(tmp_path: Path) -> None:
    for name, text in {"people": PEOPLE, "work": WORK, "proposed": PEOPLE.replace(" email: String", "")}.items():
        (tmp_path / f"{name}.graphql").write_text(LINK + text)
    (tmp_path / "recorded.json").write_text(
        json.dumps({"operations": [{"name": "Person", "body": OPERATIONS[0].text, "count": 7}]})
    )
    given = [f"--subgraph={name}=http://{name}.test/graphql@{tmp_path / name}.graphql" for name in ("people", "work")]
    asked = [*given, f"--operations={tmp_path / 'recorded.json'}"]
    status, out, _ = await run(*asked, f"--proposed=people={tmp_path / 'proposed.graphql'}")
    assert (status, out.splitlines()) == (
        1,
        [
            "it composes",
            "breaking changes:",
            "  FIELD_REMOVED: Field Person.email was removed.",
            "operations: 1 checked, 1 broken",
            "  Person (seen 7 times)",
            "    Cannot query field 'email' on type 'Person'.",
            "failed",
        ],
    )
    status, out, _ = await run(*asked, "--json")
    assert (status, json.loads(out)["passes"]) == (0, True)
    status, _, err = await run(*given, "--proposed=people")
    assert (status, err) == (1, "error: --proposed 'people' is not of the form NAME=FILE\n")
