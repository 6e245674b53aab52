"""`@requires`: what a field needs of others is fetched first, whatever its form."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


def _parcels() -> Federation:
    return Federation(
        parcels=Subgraph(
            LINK + 'type Query { parcel: Parcel } type Parcel @key(fields: "id") { id: ID! holds: [Item!]! } '
            'type Item @key(fields: "sku") { sku: ID! }',
            {"parcel": {"id": "1", "holds": [{"sku": "a"}, {"sku": "bb"}]}},
        ),
        items=Subgraph(
            LINK + 'type Item @key(fields: "sku") { sku: ID! grams: Int }',
            {},
            {"Item": lambda r: {"grams": 10 * len(r["sku"])}},
        ),
        post=Subgraph(
            LINK + 'type Parcel @key(fields: "id") { id: ID! holds: [Item!]! @external postage: Int '
            '@requires(fields: "holds { grams }") } type Item @key(fields: "sku") { sku: ID! grams: Int @external }',
            {},
            {"Parcel": lambda r: {"postage": sum(item["grams"] for item in r["holds"])}},
        ),
    )


async def test_a_requirement_through_another_entity() -> None:
    """The weight of what a parcel holds is in a third subgraph."""
    federation = _parcels()
    same_plan(
        federation.plan("{ parcel { postage } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'parcels') {
              {
                parcel {
                  id
                  holds {
                    sku
                  }
                }
              }
            }
            Fetch(subgraph: 'items') {
              $representations = Item {sku} at parcel.holds
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Item {
                    grams
                  }
                }
              }
            }
            Fetch(subgraph: 'post') {
              $representations = Parcel {id holds {grams}} at parcel
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Parcel {
                    postage
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ parcel { postage } }") == {"parcel": {"postage": 30}}
    assert federation.client.calls[-1].variables["representations"] == [
        {"__typename": "Parcel", "id": "1", "holds": [{"grams": 10}, {"grams": 20}]}
    ]


async def test_a_requirement_with_type_conditions() -> None:
    shapes = "interface Shape { id: ID } type Box implements Shape { id: ID wide: Int } "
    shapes += "type Ball implements Shape { id: ID round: Int }"
    stored = {"1": {"__typename": "Box", "wide": 3}, "2": {"__typename": "Ball", "round": 4}, "3": None}
    federation = Federation(
        a=Subgraph(
            LINK
            + 'type Query { things: [Thing!]! } type Thing @key(fields: "id") { id: ID! shape: Shape } '
            + shapes.replace("{", "@shareable {").replace("interface Shape @shareable", "interface Shape"),
            {"things": [{"id": number, "shape": shape} for number, shape in stored.items()]},
        ),
        b=Subgraph(
            LINK + 'type Thing @key(fields: "id") { id: ID! shape: Shape @external size: Int '
            '@requires(fields: "shape { ... on Box { wide } ... on Ball { round } }") }'
            + shapes.replace("{", "@shareable {").replace("interface Shape @shareable", "interface Shape"),
            {},
            {"Thing": lambda r: {"size": r["shape"] and r["shape"].get("wide", r["shape"].get("round"))}},
        ),
    )
    same_plan(
        federation.plan("{ things { size } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                things {
                  id
                  shape {
                    __typename
                    ... on Ball {
                      round
                    }
                    ... on Box {
                      wide
                    }
                  }
                }
              }
            }
            Fetch(subgraph: 'b') {
              $representations = Thing {id shape {... on Ball {round} ... on Box {wide}}} at things
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Thing {
                    size
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ things { size } }") == {"things": [{"size": 3}, {"size": 4}, {"size": None}]}


async def test_one_argument_for_the_requirement_and_another_for_the_client() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! price(in: String = "EUR"): Int }',
            {"x": {"id": "1", "price": lambda **given: {"EUR": 5, "USD": 7}[given["in"]]}},
        ),
        b=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! price(in: String = "EUR"): Int @external '
            'twice: Int @requires(fields: "price(in: \\"USD\\")")  plain: Int @requires(fields: "price") }',
            {},
            {"X": lambda r: {"twice": 2 * r["price"], "plain": r["price"]}},
        ),
    )
    same_plan(
        federation.plan("{ x { price twice plain } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                x {
                  id
                  price__2: price(in: "USD")
                  price
                }
              }
            }
            Fetch(subgraph: 'b') {
              $representations0 = X {id price: price__2} at x
              $representations1 = X {id price} at x
              query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
                _e0: _entities(representations: $representations0) {
                  ... on X {
                    twice
                  }
                }
                _e1: _entities(representations: $representations1) {
                  ... on X {
                    plain
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ x { price twice plain } }") == {"x": {"price": 5, "twice": 14, "plain": 5}}


async def test_requirements_of_requirements() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! base: Int! }',
            {"x": {"id": "1", "base": 2}},
            {"X": lambda _: {"base": 2}},
        ),
        b=Subgraph(
            LINK
            + """
            type X @key(fields: "id") {
              id: ID!
              base: Int! @external
              plus: Int! @external
              double: Int! @requires(fields: "base")
              last: Int! @requires(fields: "plus")
            }
            """,
            {},
            {"X": lambda r: {"double": lambda: r["base"] * 2, "last": lambda: r["plus"] * 10}},
        ),
        c=Subgraph(
            LINK
            + 'type X @key(fields: "id") { id: ID! double: Int! @external plus: Int! @requires(fields: "double") }',
            {},
            {"X": lambda r: {"plus": lambda: r["double"] + 1}},
        ),
    )
    assert await federation.data("{ x { last } }") == {"x": {"last": 50}}
    assert federation.client.called() == ["a", "b", "c", "b"]
    assert await federation.data("{ x { last double plus base } }") == {
        "x": {"last": 50, "double": 4, "plus": 5, "base": 2}
    }


async def test_requires_with_arguments_and_below_lists() -> None:
    def price(currency: str) -> int:
        return {"EUR": 5, "USD": 7}[currency]

    product = {"upc": "p", "price": price, "parts": [{"grams": 1}, {"grams": 4}]}
    federation = Federation(
        a=Subgraph(
            LINK
            + """
            type Query { product: Product }
            type Product @key(fields: "upc") { upc: ID! price(currency: String!): Int! parts: [Part!]! }
            type Part @shareable { grams: Int! }
            """,
            {"product": product},
            {"Product": lambda _: product},
        ),
        b=Subgraph(
            LINK
            + """
            type Product @key(fields: "upc") {
              upc: ID!
              price(currency: String!): Int! @external
              parts: [Part!]! @external
              label: String! @requires(fields: "price(currency: \\"EUR\\") parts { grams }")
            }
            type Part @shareable { grams: Int! }
            """,
            {},
            {"Product": lambda r: {"label": f"{r['price']} for {sum(part['grams'] for part in r['parts'])} g"}},
        ),
    )
    data = await federation.data('{ product { price(currency: "USD") label parts { g: grams } } }')
    assert data == {"product": {"price": 7, "label": "5 for 5 g", "parts": [{"g": 1}, {"g": 4}]}}
