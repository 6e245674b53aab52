"""`@context` and `@fromContext`: arguments that are filled from an object further up in the answer."""

from __future__ import annotations

from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.errors import CompositionFailed

SHOP = 'type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String best: Item! items: [Item!]! '
ITEM = 'type Item @key(fields: "id") { id: ID! '
PRICE = 'price(in: String @fromContext(field: "$shop { currency }"), digits: Int): String'


def _item(representation: dict[str, Any]) -> dict[str, Any]:
    number = representation["id"]
    return {
        "id": number,
        "weight": int(number),
        "price": lambda digits=0, **sent: f"{number}.{'0' * digits} {sent.get('in', 'nothing')}",
    }


def _shop(number: str, currency: str | None, *items: str, **more: Any) -> dict[str, Any]:
    listed = [{"id": item} for item in items]
    return {"id": number, "currency": currency, "best": listed[0], "items": listed, **more}


SHOPS = {
    "shops": [_shop("1", "EUR", "1", "2"), _shop("2", "USD", "1"), _shop("3", "EUR", "3", "1"), _shop("4", None, "3")]
}


def _federation(**others: Subgraph) -> Federation:
    query = "type Query { shops: [Shop!]! } "
    shops = Subgraph(LINK + query + SHOP + "} " + ITEM + PRICE + " }", SHOPS, {"Item": _item})
    return Federation(shops=shops, **others)


async def test_entities_are_asked_for_once_for_each_value() -> None:
    federation = _federation()
    query = "{ shops { items { price(digits: 2) } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'shops') {
              {
                shops {
                  items {
                    id
                  }
                  currency
                }
              }
            }
            Fetch(subgraph: 'shops') {
              $representations = Item {id} at shops.items
              $context0 = Shop {currency} at shops
              query ($representations: [_Any!]!, $context0: String) {
                _entities(representations: $representations) {
                  ... on Item {
                    price(digits: 2, in: $context0)
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {
        "shops": [
            {"items": [{"price": "1.00 EUR"}, {"price": "2.00 EUR"}]},
            {"items": [{"price": "1.00 USD"}]},
            {"items": [{"price": "3.00 EUR"}, {"price": "1.00 EUR"}]},
            {"items": [{"price": "3.00 None"}]},
        ]
    }
    sent = federation.client.calls[-1].variables
    assert [sent[f"context0_{number}"] for number in range(3)] == ["EUR", "USD", None]
    assert [[item["id"] for item in sent[f"representations_{number}"]] for number in range(3)] == [
        ["1", "2", "3"],
        ["1"],
        ["3"],
    ]
    assert len(federation.client.calls) == 2


async def test_the_value_is_fetched_under_another_name_where_its_own_is_taken() -> None:
    answer = await _federation().data(
        "query($currency: Int) { shops { currency: id best { price(digits: $currency) } } }"
    )
    assert answer["shops"][1] == {"currency": "2", "best": {"price": "1. USD"}}


async def test_the_nearest_object_counts() -> None:
    nested = [_shop("1", "EUR", "1", part=_shop("2", "USD", "1")), _shop("3", "CHF", "2", part=None)]
    federation = Federation(
        shops=Subgraph(
            LINK + "type Query { shops: [Shop!]! } " + SHOP + "part: Shop } " + ITEM + PRICE + " }",
            {"shops": nested},
            {"Item": _item},
        )
    )
    query = "{ shops { best { price } part { best { price } items { id } } } }"
    assert await federation.data(query) == {
        "shops": [
            {"best": {"price": "1. EUR"}, "part": {"best": {"price": "1. USD"}, "items": [{"id": "1"}]}},
            {"best": {"price": "2. CHF"}, "part": None},
        ]
    }


def _three_subgraphs() -> Federation:
    return Federation(
        shops=Subgraph(
            LINK + "type Query { shops: [Shop!]! } "
            'type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String @external } '
            + ITEM + PRICE + " }",
            SHOPS,
            {"Item": _item},
        ),
        money=Subgraph(
            LINK + 'type Shop @key(fields: "id") { id: ID! currency: String }',
            {},
            {"Shop": lambda r: {"currency": f"of {r['id']}"}},
        ),
        display=Subgraph(
            LINK + 'type Shop @key(fields: "id") { id: ID! shown: [Item] } type Item @key(fields: "id") { id: ID! }',
            {},
            {"Shop": lambda r: {"shown": [{"id": r["id"]}, None, {"id": "9"}]}, "Item": _item},
        ),
    )  # fmt: skip


SHOWN = "{ shops { shown { price } } }"


def test_the_value_is_fetched_beside_the_way_to_the_field() -> None:
    same_plan(
        _three_subgraphs().plan(SHOWN),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'shops') {
              {
                shops {
                  id
                }
              }
            }
            Parallel {
              Fetch(subgraph: 'display') {
                $representations = Shop {id} at shops
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on Shop {
                      shown {
                        id
                      }
                    }
                  }
                }
              }
              Fetch(subgraph: 'money') {
                $representations = Shop {id} at shops
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on Shop {
                      currency
                    }
                  }
                }
              }
            }
            Fetch(subgraph: 'shops') {
              $representations = Item {id} at shops.shown
              $context0 = Shop {currency} at shops
              query ($representations: [_Any!]!, $context0: String) {
                _entities(representations: $representations) {
                  ... on Item {
                    price(in: $context0)
                  }
                }
              }
            }
          }
        }
        """,
    )


async def test_the_object_and_the_value_may_come_from_other_subgraphs() -> None:
    federation = _three_subgraphs()
    shops = (await federation.data(SHOWN))["shops"]
    assert shops[0] == {"shown": [{"price": "1. of 1"}, None, {"price": "9. of 1"}]}
    assert shops[3] == {"shown": [{"price": "4. of 4"}, None, {"price": "9. of 4"}]}
    # What is not known is not asked with: the field is null, and the reason is told once.
    federation.client.broken["money"] = {"errors": [{"message": "no money"}]}
    answer = await federation.run(SHOWN)
    assert answer["data"]["shops"][0] == {"shown": [{"price": None}, None, {"price": None}]}
    assert [error["message"] for error in answer["errors"]] == ["no money"]
    assert sorted(federation.client.called()) == ["display", "money", "shops"]


async def test_several_types_set_a_context_each_with_a_value_of_its_own() -> None:
    item = (
        ITEM
        + 'price(in: String @fromContext(field: "$c ... on Shop { currency } '
        + '... on Fair { place { coin } }")): String }'
    )
    rooms = 'type Fair @key(fields: "id") { id: ID! place: Place best: Item! } type Place { coin: String }'
    union = 'union Seller @context(name: "c") = Shop | Fair'
    federation = Federation(
        shops=Subgraph(
            LINK + "type Query { sellers: [Seller!]! } " + SHOP.replace('@context(name: "shop")', "") + "} "
            + item + rooms + union,
            {
                "sellers": [
                    {"__typename": "Shop", **_shop("1", "EUR", "1")},
                    {"__typename": "Fair", "id": "2", "place": {"coin": "token"}, "best": {"id": "1"}},
                    {"__typename": "Fair", "id": "3", "place": None, "best": {"id": "1"}},
                ]
            },
            {"Item": _item},
        )
    )  # fmt: skip
    query = "{ sellers { ... on Shop { best { price } } ... on Fair { best { price } } } }"
    assert [seller["best"]["price"] for seller in (await federation.data(query))["sellers"]] == [
        "1. EUR",
        "1. token",
        "1. None",
    ]


async def test_equal_objects_under_different_values_stay_apart() -> None:
    """Both shops are the same entity to `parts`, and so is what is in them."""
    federation = Federation(
        shops=Subgraph(
            LINK + SHOP + "} " + ITEM + "}",
            {},
            {"Shop": lambda r: _shop(r["id"], "EUR", "1"), "Item": _item},
        ),
        parts=Subgraph(
            LINK + 'type Item @key(fields: "id") { id: ID! part: Part! } type Part @key(fields: "id") { id: ID! }',
            {},
            {"Item": lambda r: {"part": {"id": "7"}}, "Part": lambda r: {}},
        ),
        pricing=Subgraph(
            LINK + 'type Country @key(fields: "id") @context(name: "land") { id: ID! tax: Int shops: [Shop!]! } '
            'type Shop @key(fields: "id") { id: ID! } type Query { countries: [Country!]! } '
            'type Part @key(fields: "id") { id: ID! cost(tax: Int @fromContext(field: "$land { tax }")): Int }',
            {"countries": [{"id": n, "tax": n * 10, "shops": [{"id": "2"}]} for n in (1, 2)]},
            {"Part": lambda r: {"cost": lambda tax: tax + int(r["id"])}, "Shop": lambda r: {}},
        ),
    )
    query = "{ countries { shops { best { part { cost } } } } }"
    assert await federation.data(query) == {
        "countries": [{"shops": [{"best": {"part": {"cost": 10 * n + 7}}}]} for n in (1, 2)]
    }


async def test_beside_a_requirement_and_at_the_root() -> None:
    federation = Federation(
        shops=Subgraph(
            LINK + 'type Query @context(name: "q") { coin: String items: [Item!]! } ' + ITEM
            + 'weight: Int @external price(in: String @fromContext(field: "$q { coin }")): String '
            '@requires(fields: "weight") }',
            {"coin": "EUR", "items": [{"id": "1"}, {"id": "2"}]},
            {"Item": lambda r: {"price": lambda **sent: f"{r['weight']} kg for {sent['in']}"}},
        ),
        stock=Subgraph(LINK + 'type Item @key(fields: "id") { id: ID! weight: Int }', {}, {"Item": _item}),
    )  # fmt: skip
    assert await federation.data("{ items { price } }") == {
        "items": [{"price": "1 kg for EUR"}, {"price": "2 kg for EUR"}]
    }
    assert federation.client.called() == ["shops", "stock", "shops"]


async def test_where_nothing_sets_the_context_another_subgraph_gives_the_field() -> None:
    federation = Federation(
        plain=Subgraph(
            LINK + "type Query { item: Item! } " + ITEM + "price(digits: Int): String @shareable }",
            {"item": {"id": "5", "price": "5 of plain"}},
            {"Item": lambda r: {"price": f"{r['id']} of plain"}},
        ),
        shops=Subgraph(
            LINK + "type Query { shops: [Shop!]! lone: Item! } " + SHOP + "} " + ITEM + PRICE + " @shareable }",
            {**SHOPS, "lone": {"id": "6"}},
            {"Item": _item},
        ),
    )
    assert await federation.data("{ item { price } lone { price } }") == {
        "item": {"price": "5 of plain"},
        "lone": {"price": "6 of plain"},
    }


def test_an_object_does_not_set_a_context_for_its_own_fields() -> None:
    sdl = (
        'type Query { u: U } type U @key(fields: "id") @context(name: "c") '
        '{ id: ID! p: Int f(x: Int @fromContext(field: "$c { p }")): Int }'
    )
    with pytest.raises(CompositionFailed) as caught:
        compose_supergraph([source("a", LINK + sdl)])
    assert [problem.code for problem in caught.value.problems] == ["SATISFIABILITY_ERROR"]


async def test_errors_are_told_where_the_entities_stand() -> None:
    def fail(**sent: Any) -> str:
        if sent["in"] == "USD":
            raise ValueError("no dollars")
        return str(sent["in"])

    federation = Federation(
        shops=Subgraph(
            LINK + "type Query { shops: [Shop!]! } " + SHOP + "} " + ITEM + PRICE + " }",
            SHOPS,
            {"Item": lambda r: {"price": fail}},
        )
    )
    answer = await federation.run("{ shops { best { price } } }")
    assert [error["path"] for error in answer["errors"]] == [["shops", 1, "best", "price"]]
    assert [shop["best"]["price"] for shop in answer["data"]["shops"]] == ["EUR", None, "EUR", "None"]
