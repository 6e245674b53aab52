"""`@override`: the old owner is not asked any more, or only for a share of the requests."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


async def test_an_overridden_field_is_asked_of_its_new_owner() -> None:
    federation = Federation(
        old=Subgraph(
            LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! name: String! }',
            {"x": {"id": "1", "name": "old"}},
        ),
        new=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! name: String! @override(from: "old") }',
            {},
            {"X": lambda _: {"name": "new"}},
        ),
    )
    same_plan(
        federation.plan("{ x { name } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'old') {
              {
                x {
                  id
                }
              }
            }
            Fetch(subgraph: 'new') {
              $representations = X {id} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    name
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ x { name } }") == {"x": {"name": "new"}}


@pytest.mark.parametrize(("draw", "from_"), [(10, "new"), (90, "old")])
async def test_a_share_of_requests_is_answered_by_the_new_subgraph(draw: float, from_: str) -> None:
    federation = Federation(
        old=Subgraph(LINK + "type Query { who: String }", {"who": "old"}),
        new=Subgraph(LINK + 'type Query { who: String @override(from: "old", label: "percent(50)") }', {"who": "new"}),
    )
    federation.draw = draw
    assert await federation.data("{ who }") == {"who": from_}
    federation.draw = 100 - draw
    assert (await federation.data("{ who }"))["who"] != from_
