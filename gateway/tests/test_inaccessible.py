"""`@inaccessible`: what clients must not see still serves as key and requirement."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

from rapport_gateway.errors import RequestRefused


@pytest.fixture(name="federation", scope="module")
def _federation() -> Federation:
    return Federation(
        a=Subgraph(
            LINK + 'type Query { x: X  things: [Thing] } type X @key(fields: "key") { key: ID! @inaccessible '
            "cost: Int @inaccessible } interface Thing { name: String } type Seen implements Thing { name: String } "
            "type Hidden implements Thing @inaccessible { name: String }",
            {
                "x": {"key": "k", "cost": 5},
                "things": [{"__typename": "Seen", "name": "s"}, {"__typename": "Hidden", "name": "h"}],
            },
        ),
        b=Subgraph(
            LINK + 'type X @key(fields: "key") { key: ID! @inaccessible cost: Int @external '
            'price: Int @requires(fields: "cost") }',
            {},
            {"X": lambda r: {"price": r["cost"] + 1}},
        ),
    )


async def test_keys_and_requirements_may_be_hidden(federation: Federation) -> None:
    same_plan(
        federation.plan("{ x { price } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                x {
                  key
                  cost
                }
              }
            }
            Fetch(subgraph: 'b') {
              $representations = X {key cost} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    price
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ x { price } }") == {"x": {"price": 6}}


@pytest.mark.parametrize("query", ["{ x { key } }", "{ x { cost } }", "{ things { ... on Hidden { name } } }"])
async def test_what_is_hidden_cannot_be_asked_for(federation: Federation, query: str) -> None:
    with pytest.raises(RequestRefused):
        await federation.run(query)
    names = await federation.data(
        '{ x: __type(name: "X") { fields { name } } hidden: __type(name: "Hidden") { name } }'
    )
    assert names == {"x": {"fields": [{"name": "price"}]}, "hidden": None}


async def test_objects_of_a_hidden_type_do_not_show(federation: Federation) -> None:
    answer = await federation.run("{ things { __typename name } }")
    assert answer["data"] == {"things": [{"__typename": "Seen", "name": "s"}, None]}
    assert [error["path"] for error in answer["errors"]] == [["things", 1]]
    assert "Hidden" not in str(answer)
