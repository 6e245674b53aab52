"""Operations as clients send them, recorded without what they say of anybody."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from gateway.tests.gateway_process import gateway_before, subgraph_server
from gateway.tests.subgraph_world import LINK, Subgraph
from graphql import build_schema, parse, validate

from rapport_gateway.checking.recorded import read_operations
from rapport_gateway.server.recording import Recorder
from rapport_gateway.server.signatures import signature
from rapport_gateway.supergraph.composition import SubgraphSource

SCHEMA = build_schema("""
scalar Json
enum Stage { LEAD CUSTOMER }
input Filter { name: String size: Int inner: [Filter!] stage: Stage more: Json names: [String!] }
input Either @oneOf { name: String size: Int }
type Query {
  find(filter: Filter, name: String, stage: Stage, stages: [Stage!], more: Json, either: Either, filters: [Filter!],
    size: Int! = 3, table: [[Int]]): Query
  name: String
}
""")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("{ name } # secret", "{ name }"),
        (
            '{ find(name: "secret", size: 4711) { name } }',
            "query ($_v1: String!, $_v2: Int!) { find(name: $_v1, size: $_v2) { name } }",
        ),
        ('{ find(name: """secret""") { name } }', "query ($_v1: String!) { find(name: $_v1) { name } }"),
        ("{ secret: name }", "{ _a1: name }"),
        (
            'query Q($n: String = "secret", $s: Int) { find(name: $n, size: $s) { name } }',
            "query Q($n: String!, $s: Int) { find(name: $n, size: $s) { name } }",
        ),
        (
            """{ find(filter: {
                 name: "secret", stage: LEAD, inner: [{size: 4711, more: {secret: 4711}}], names: ["x"]
               }) { name } }""",
            """query ($_v1: String!, $_v2: Int!, $_v3: Json!, $_v4: [String!]!) { find(filter: {
                 name: $_v1, stage: LEAD, inner: [{size: $_v2, more: $_v3}], names: $_v4
               }) { name } }""",
        ),
        (
            '{ find(either: {name: "secret"}) { name } }',
            "query ($_v1: String!) { find(either: {name: $_v1}) { name } }",
        ),
        (
            "{ find(table: [[4711]], stages: [LEAD]) { name } }",
            "query ($_v1: [[Int]]!) { find(table: $_v1, stages: [LEAD]) { name } }",
        ),
        ("{ find(name: null, size: 4711) { name } }", "query ($_v1: Int!) { find(name: null, size: $_v1) { name } }"),
        (
            'query Q($n: Json) { find(more: {key: $n, other: "secret"}) { name } }',
            'query Q($n: Json) { find(more: {key: $n, other: ""}) { name } }',
        ),
        (
            '{ ...F } fragment F on Query { find(name: "secret") { name @skip(if: true) } }',
            "query ($_v1: String!) { ...F } fragment F on Query { find(name: $_v1) { name @skip(if: true) } }",
        ),
    ],
)
def test_values_are_taken_out_and_the_operation_stays_valid(sent: str, kept: str) -> None:
    found = signature(sent, None, SCHEMA)
    assert found is not None
    assert parse(found, no_location=True) == parse(kept, no_location=True)
    assert "secret" not in found
    assert "4711" not in found
    defaulted = "$s: Int" in sent  # a nullable variable goes into a required argument that has a default
    assert validate(SCHEMA, parse(found)) == [] or defaulted


def test_only_the_operation_that_runs_is_kept() -> None:
    sent = 'query A { ...F } query B { name } fragment F on Query { find(name: "x") { name } }'
    assert signature(sent, "B", SCHEMA) == "query B {\n  name\n}"
    assert "fragment F" in (signature(sent, "A", SCHEMA) or "")
    assert signature(sent, None, SCHEMA) is None
    assert signature("{", None, SCHEMA) is None


async def test_the_same_operation_with_other_values_counts_as_one(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "recorded", lambda: SCHEMA)
    for name in ("a", "b", "b"):
        recorder.note(f'query Find {{ find(name: "{name}") {{ name }} }}', "Find")
    await recorder.write()
    recorder.note('query Find { find(name: "c") { name } }', "Find")
    await recorder.write()
    (operation,) = read_operations([tmp_path / "recorded"])
    assert (operation.name, operation.count) == ("Find", 4)


async def test_what_waits_is_bounded(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, lambda: SCHEMA)
    blanks = " " * 100_000
    for number in range(200):
        recorder.note(f"{{ _a{number}: name }}{blanks}", None)
    assert sum(len(text) for text, _ in recorder._waiting) < 9_000_000
    await recorder.write()
    assert not recorder._waiting


async def test_a_gateway_records_what_is_valid_and_writes_it_at_its_end(tmp_path: Path) -> None:
    async with subgraph_server(
        "hello", Subgraph("type Query { hello(to: String): String }", {"hello": "world"})
    ) as server:
        sources = [SubgraphSource("hello", server.url, LINK + server.subgraph.sdl)]
        settings = {"RAPPORT_GATEWAY_RECORD_OPERATIONS": str(tmp_path / "recorded")}
        async with gateway_before(tmp_path, sources, **settings) as gateway:
            await gateway.post('{ hello(to: "somebody") }')
            await gateway.post("query($to: String) { hello(to: $to) }", {"to": "somebody else"})
            await gateway.post("{ invalid }")
    (file,) = (tmp_path / "recorded").glob("*.json")
    content = file.read_bytes()
    assert b"somebody" not in content
    assert [(item["body"], item["count"]) for item in orjson.loads(content)["operations"]] == [
        ("query ($_v1: String!) {\n  hello(to: $_v1)\n}", 1),
        ("query ($to: String) {\n  hello(to: $to)\n}", 1),
    ]
