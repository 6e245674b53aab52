"""`@shareable`: a field of several subgraphs is asked of one of them, the one that saves most fetches."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


async def test_the_subgraph_that_has_the_rest_is_asked() -> None:
    keyed = 'type X @key(fields: "id") { id: ID! '
    federation = Federation(
        a=Subgraph(LINK + "type Query { x: X } " + keyed + "}", {"x": {"id": "1"}}),
        b=Subgraph(LINK + keyed + "p: Int @shareable }", {}, {"X": lambda r: {"p": 1}}),
        c=Subgraph(LINK + keyed + "p: Int @shareable q: Int }", {}, {"X": lambda r: {"p": 1, "q": 2}}),
    )
    same_plan(
        federation.plan("{ x { p q } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                x {
                  id
                }
              }
            }
            Fetch(subgraph: 'c') {
              $representations = X {id} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    p
                    q
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ x { p q } }") == {"x": {"p": 1, "q": 2}}


async def test_a_value_type_has_no_key_and_is_taken_from_where_all_of_it_is() -> None:
    money = "type Money @shareable { amount: Int unit: String }"
    keyed = 'type X @key(fields: "id") { id: ID! price: Money @shareable '
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { x: X } " + keyed + "} type Money @shareable { amount: Int }",
            {"x": {"id": "1", "price": {"amount": 3}}},
        ),
        b=Subgraph(LINK + keyed + "} " + money, {}, {"X": lambda r: {"price": {"amount": 3, "unit": "EUR"}}}),
    )
    assert await federation.data("{ x { price { amount } } }") == {"x": {"price": {"amount": 3}}}
    assert federation.client.called() == ["a"]
    same_plan(
        federation.plan("{ x { price { amount unit } } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                x {
                  id
                  price {
                    amount
                  }
                }
              }
            }
            Fetch(subgraph: 'b') {
              $representations = X {id} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    price {
                      unit
                    }
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ x { price { amount unit } } }") == {"x": {"price": {"amount": 3, "unit": "EUR"}}}


async def test_a_subgraph_may_promise_more_than_the_others() -> None:
    """`String!` in one and `String` in the other is `String` for clients; what one gives as null stays null."""
    keyed = 'type X @key(fields: "id") { id: ID! '
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { x: X  y: X } " + keyed + "name: String @shareable }",
            {"x": {"id": "1", "name": None}, "y": {"id": "2", "name": "two"}},
        ),
        b=Subgraph(LINK + keyed + "name: String! @shareable more: Int }", {}, {"X": lambda r: {"more": 1}}),
    )
    assert await federation.data("{ x { name } y { name more } }") == {
        "x": {"name": None},
        "y": {"name": "two", "more": 1},
    }
