"""Aliases and arguments: fields that share a name or an alias stay apart, whatever subgraphs they come from."""

from __future__ import annotations

from typing import Any

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


def _good(number: str) -> dict[str, Any]:
    return {"id": number, "name": lambda **given: f"{number} in {given.get('in', 'no language')}"}


def _goods() -> Federation:
    return Federation(
        goods=Subgraph(
            LINK + 'type Query { good: Good } type Good @key(fields: "id") { id: ID! name(in: String): String }',
            {"good": _good("1")},
            {"Good": lambda r: _good(r["id"])},
        ),
        prices=Subgraph(
            LINK + 'type Good @key(fields: "id") { id: ID! price(coin: String = "EUR"): String '
            "size: Size near(most: Int!): [Good!]! } type Size @shareable { x: Int y: Int }",
            {},
            {
                "Good": lambda r: {
                    "price": lambda coin: f"{r['id']} {coin}",
                    "size": {"x": 1, "y": 2},
                    "near": lambda most: [{"id": str(n), "price": lambda coin: f"next {coin}"} for n in range(most)],
                }
            },
        ),
        labels=Subgraph(
            LINK + 'type Good @key(fields: "id") { id: ID! price(coin: String = "EUR"): String @external '
            'label: String @requires(fields: "price(coin: \\"USD\\")") }',
            {},
            {"Good": lambda r: {"label": f"only {r['price']}"}},
        ),
    )


async def test_one_field_with_several_arguments() -> None:
    federation = _goods()
    query = 'query($c: String) { good { price one: price(coin: "CHF") two: price(coin: $c) price__2: name } }'
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'goods') {
              {
                good {
                  id
                  price__2: name
                }
              }
            }
            Fetch(subgraph: 'prices') {
              $representations = Good {id} at good
              query ($representations: [_Any!]!, $c: String) {
                _entities(representations: $representations) {
                  ... on Good {
                    price
                    one: price(coin: "CHF")
                    two: price(coin: $c)
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query, c="JPY") == {
        "good": {"price": "1 EUR", "one": "1 CHF", "two": "1 JPY", "price__2": "1 in no language"}
    }


async def test_an_alias_with_the_name_of_a_key_or_of_a_requirement() -> None:
    federation = _goods()
    query = "{ good { id: name price: label } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'goods') {
              {
                good {
                  id__2: id
                  id: name
                }
              }
            }
            Fetch(subgraph: 'prices') {
              $representations = Good {id: id__2} at good
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Good {
                    price__2: price(coin: "USD")
                  }
                }
              }
            }
            Fetch(subgraph: 'labels') {
              $representations = Good {id: id__2 price: price__2} at good
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Good {
                    price: label
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"good": {"id": "1 in no language", "price": "only 1 USD"}}


async def test_aliases_of_objects_are_objects_of_their_own() -> None:
    federation = _goods()
    query = "{ good { size { x } other: size { y } near(most: 1) { name } more: near(most: 2) { price } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'goods') {
              {
                good {
                  id
                }
              }
            }
            Fetch(subgraph: 'prices') {
              $representations = Good {id} at good
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Good {
                    size {
                      x
                    }
                    other: size {
                      y
                    }
                    near(most: 1) {
                      id
                    }
                    more: near(most: 2) {
                      price
                    }
                  }
                }
              }
            }
            Fetch(subgraph: 'goods') {
              $representations = Good {id} at good.near
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Good {
                    name
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {
        "good": {
            "size": {"x": 1},
            "other": {"y": 2},
            "near": [{"name": "0 in no language"}],
            "more": [{"price": "next EUR"}, {"price": "next EUR"}],
        }
    }
