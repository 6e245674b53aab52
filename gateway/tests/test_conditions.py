"""`@skip` and `@include`: anywhere, by values and variables; one plan for each set of their values."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


@pytest.fixture(name="federation", scope="module")
def _federation() -> Federation:
    keyed = 'type X @key(fields: "id") { id: ID! '
    return Federation(
        a=Subgraph(LINK + "type Query { x: X } " + keyed + "a: Int }", {"x": {"id": "1", "a": 1}}),
        b=Subgraph(LINK + keyed + "b: Int bb: Int }", {}, {"X": lambda r: {"b": 2, "bb": 22}}),
        c=Subgraph(LINK + keyed + "c: Int }", {}, {"X": lambda r: {"c": 3}}),
    )


QUERY = """
query($b: Boolean!, $c: Boolean = true) {
  x { a ...B @include(if: $b) ... on X @skip(if: $c) { c } ... @include(if: false) { bb } }
}
fragment B on X { b c @include(if: $c) }
"""


async def test_what_is_left_out_is_not_fetched(federation: Federation) -> None:
    same_plan(
        federation.plan(QUERY, b=False, c=True),
        """
        QueryPlan {
          Fetch(subgraph: 'a') {
            {
              x {
                a
              }
            }
          }
        }
        """,
    )
    same_plan(
        federation.plan(QUERY, b=True, c=True),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                x {
                  id
                  a
                }
              }
            }
            Parallel {
              Fetch(subgraph: 'b') {
                $representations = X {id} at x
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on X {
                      b
                    }
                  }
                }
              }
              Fetch(subgraph: 'c') {
                $representations = X {id} at x
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on X {
                      c
                    }
                  }
                }
              }
            }
          }
        }
        """,
    )


@pytest.mark.parametrize(
    ("given", "fields", "called"),
    [
        ({"b": False}, {"a": 1}, {"a"}),
        ({"b": True}, {"a": 1, "b": 2, "c": 3}, {"a", "b", "c"}),
        ({"b": False, "c": False}, {"a": 1, "c": 3}, {"a", "c"}),
        ({"b": True, "c": False}, {"a": 1, "b": 2, "c": 3}, {"a", "b", "c"}),
    ],
)
async def test_every_set_of_values(
    federation: Federation, given: dict[str, bool], fields: dict[str, int], called: set[str]
) -> None:
    assert await federation.data(QUERY, **given) == {"x": fields}
    assert set(federation.client.called()) == called


@pytest.mark.parametrize(("skip", "include"), [(True, True), (True, False), (False, True), (False, False)])
async def test_both_at_once(federation: Federation, skip: bool, include: bool) -> None:
    query = "query($s: Boolean!, $i: Boolean!) { x { id a @skip(if: $s) @include(if: $i) a @include(if: false) } }"
    expected = {"id": "1", "a": 1} if include and not skip else {"id": "1"}
    assert await federation.data(query, s=skip, i=include) == {"x": expected}


async def test_one_selection_that_is_left_out_and_another_that_is_not(federation: Federation) -> None:
    query = "query($no: Boolean!) { x { b @include(if: $no) ... on X { b } } y: x @include(if: $no) { a } }"
    assert await federation.data(query, no=False) == {"x": {"b": 2}}
