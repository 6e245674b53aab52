"""`@defer` and `@stream`: answers are given whole, so neither is offered, and nobody is left to wait for the rest."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph

from rapport_gateway.errors import RequestRefused

INCREMENTAL = """
directive @defer(if: Boolean! = true, label: String) on FRAGMENT_SPREAD | INLINE_FRAGMENT
directive @stream(if: Boolean! = true, label: String, initialCount: Int = 0) on FIELD
directive @note on FIELD
"""
QUERY = 'type Query { a: Int list: [A!] } type A @key(fields: "id") { id: ID! }'


@pytest.fixture(name="federation", params=["", INCREMENTAL], ids=["plain", "subgraphs that have them"])
def _federation(request: pytest.FixtureRequest) -> Federation:
    other = LINK + request.param + 'type A @key(fields: "id") { id: ID! b: Int }'
    return Federation(one=Subgraph(LINK + request.param + QUERY), other=Subgraph(other))


@pytest.mark.parametrize(
    ("query", "directive"),
    [
        ("{ a ... @defer { list { b } } }", "@defer"),
        ("{ list { id ...B @defer(label: \"b\") } } fragment B on A { b }", "@defer"),
        ("{ ... @defer(if: false) { a } }", "@defer"),
        ("{ list @stream(initialCount: 1) { id } }", "@stream"),
    ],
)  # fmt: skip
async def test_an_operation_that_asks_for_parts_is_refused(federation: Federation, query: str, directive: str) -> None:
    with pytest.raises(RequestRefused) as caught:
        await federation.run(query)
    assert caught.value.status == 400
    (problem,) = caught.value.errors
    assert problem["message"] == f"Unknown directive '{directive}'."
    assert problem["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert federation.client.called() == []


async def test_introspection_does_not_offer_them(federation: Federation) -> None:
    answer = await federation.data("{ __schema { directives { name } } }")
    names = {directive["name"] for directive in answer["__schema"]["directives"]}
    assert {"skip", "include"} <= names
    assert not {"defer", "stream"} & names
    assert ("note" in names) == ("@note" in federation.sdl)
