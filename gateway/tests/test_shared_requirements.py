"""A subgraph that is entered for two reasons costs once, and is entered once where another would do for one of them."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


def _federation() -> Federation:
    keyed = 'type E @key(fields: "id") { id: ID! '
    return Federation(
        start=Subgraph(
            LINK + "type Query { e: E }" + keyed + 'g: Int @external  h: Int @requires(fields: "g") }',
            {"e": {"id": "1"}},
            {"E": lambda r: {"h": r["g"] + 1}},
        ),
        both=Subgraph(LINK + keyed + "f: Int @shareable }", {}, {"E": lambda r: {"f": 5}}),
        other=Subgraph(LINK + keyed + "f: Int @shareable g: Int }", {}, {"E": lambda r: {"f": 5, "g": 7}}),
        last=Subgraph(
            LINK + keyed + 'f: Int @external  h: Int @external  sum: Int @requires(fields: "f h") }',
            {},
            {"E": lambda r: {"sum": r["f"] + r["h"]}},
        ),
    )


async def test_what_a_requirement_enters_anyway_gives_other_fields_too() -> None:
    """`both` and `other` have `f`; `other` is needed for `g`."""
    federation = _federation()
    same_plan(
        federation.plan("{ e { sum } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'start') {
              {
                e {
                  id
                }
              }
            }
            Fetch(subgraph: 'other') {
              $representations = E {id} at e
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on E {
                    f
                    g
                  }
                }
              }
            }
            Fetch(subgraph: 'start') {
              $representations = E {id g} at e
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on E {
                    h
                  }
                }
              }
            }
            Fetch(subgraph: 'last') {
              $representations = E {id f h} at e
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on E {
                    sum
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ e { sum } }") == {"e": {"sum": 13}}
