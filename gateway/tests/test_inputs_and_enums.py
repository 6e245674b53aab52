"""Enums and inputs that subgraphs know differently, defaults, and values that are written into the document."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

from rapport_gateway.errors import RequestRefused


async def test_an_enum_of_answers_has_the_values_of_all() -> None:
    keyed = 'type X @key(fields: "id") { id: ID! '
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { x: X } enum Mood { GOOD } " + keyed + "was: Mood }", {"x": {"id": "1", "was": "GOOD"}}
        ),
        b=Subgraph(
            LINK + "enum Mood { GOOD BAD UGLY @inaccessible } " + keyed + "now: Mood then: Mood }",
            {},
            {"X": lambda r: {"now": "BAD", "then": "UGLY"}},
        ),
    )
    answer = await federation.run("{ x { was now then } }")
    assert answer["data"] == {"x": {"was": "GOOD", "now": "BAD", "then": None}}
    assert [error["path"] for error in answer["errors"]] == [["x", "then"]]


async def test_an_input_has_the_fields_and_values_that_all_know() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { a(by: By): String } input By { name: String kind: Kind = BIG more: Int } "
            "enum Kind { BIG SMALL ODD }",
            {"a": lambda by=None: str(by)},
        ),
        b=Subgraph(
            LINK
            + "type Query { b(by: By): String } input By { name: String kind: Kind = BIG } enum Kind { BIG SMALL }",
            {"b": lambda by=None: str(by)},
        ),
    )
    query = 'query($by: By) { a(by: $by) b(by: {name: "n", kind: SMALL}) }'
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Parallel {
            Fetch(subgraph: 'a') {
              query ($by: By) {
                a(by: $by)
              }
            }
            Fetch(subgraph: 'b') {
              {
                b(by: { name: "n", kind: SMALL })
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query, by={"name": "m"}) == {
        "a": "{'name': 'm', 'kind': 'BIG'}",
        "b": "{'name': 'n', 'kind': 'SMALL'}",
    }
    for refused in ("{ a(by: {more: 1}) }", "{ a(by: {kind: ODD}) }"):
        with pytest.raises(RequestRefused):
            await federation.run(refused)


async def test_defaults_are_those_of_the_operation_then_those_of_the_field() -> None:
    federation = Federation(
        a=Subgraph(LINK + "type Query { f(n: Int = 1, m: [Int!]): String }", {"f": lambda n, m=None: f"{n} {m}"})
    )
    query = "query($n: Int = 2, $m: [Int!]) { f(n: $n, m: $m) g: f h: f(n: null) }"
    assert await federation.data(query) == {"f": "2 None", "g": "1 None", "h": "None None"}
    assert federation.client.calls[0].variables == {}
    assert await federation.data(query, n=None, m=3) == {"f": "None [3]", "g": "1 None", "h": "None None"}
    assert federation.client.calls[0].variables == {"n": None, "m": 3}


async def test_variables_of_what_is_skipped_are_not_sent() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { x(n: Int): X } type X @key(fields: "id") { id: ID! }',
            {"x": lambda n=0: {"id": str(n)}},
        ),
        b=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! y(m: Int): Int }', {}, {"X": lambda r: {"y": lambda m=0: m}}
        ),
    )
    query = "query($n: Int, $m: Int, $more: Boolean!) { x(n: $n) { id ... @include(if: $more) { y(m: $m) } } }"
    assert await federation.data(query, n=1, m=2, more=False) == {"x": {"id": "1"}}
    assert [(call.subgraph, call.variables) for call in federation.client.calls] == [("a", {"n": 1})]
    assert await federation.data(query, n=1, m=2, more=True) == {"x": {"id": "1", "y": 2}}
    assert "more" not in str([call.variables for call in federation.client.calls])
