"""A subgraph that knows one object type by two interfaces, both of which it has as interface objects."""

from __future__ import annotations

from typing import Any

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan, source

from rapport_gateway.composing import compose_supergraph
from rapport_gateway.supergraph.errors import CompositionFailed

STORE = """
type Query { book: Book!  sold: [Sellable!]! }
interface Sellable @key(fields: "id") { id: ID! }
interface Readable @key(fields: "isbn") { isbn: ID! }
type Book implements Sellable & Readable @key(fields: "id") @key(fields: "isbn") { id: ID!  isbn: ID!  title: String! }
type Pen implements Sellable @key(fields: "id") { id: ID! }
"""
FACTS = """
type Sellable @key(fields: "id") @interfaceObject { id: ID!  price: Int! @shareable }
type Readable @key(fields: "isbn") @interfaceObject { isbn: ID!  pages: Int!  copy: Copy! }
type Copy { of: Sellable!  shelf: Int! }
"""
PRICES = 'type Sellable @key(fields: "id") @interfaceObject { id: ID!  price: Int! @shareable }'
BOOK = {"__typename": "Book", "id": "1", "isbn": "i1", "title": "Emma"}


def _sellable(representation: dict[str, Any]) -> dict[str, Any]:
    return {"price": 10 * int(representation["id"])}


def _readable(representation: dict[str, Any]) -> dict[str, Any]:
    number = int(representation["isbn"][1:])
    return {"pages": 100 * number, "copy": {"of": {"id": "7", "price": 70}, "shelf": number}}


def _federation() -> Federation:
    pen = {"__typename": "Pen", "id": "2"}
    store = Subgraph(
        LINK + STORE,
        {"book": BOOK, "sold": [BOOK, pen]},
        {"Book": lambda _: BOOK, "Sellable": lambda r: BOOK if r["id"] == "7" else pen},
    )
    facts = Subgraph(LINK + FACTS, {}, {"Sellable": _sellable, "Readable": _readable})
    return Federation(store=store, facts=facts, prices=Subgraph(LINK + PRICES, {}, {"Sellable": _sellable}))


async def test_both_are_asked_for_in_one_request() -> None:
    federation = _federation()
    query = "{ book { title price pages } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'store') {
              {
                book {
                  id
                  isbn
                  title
                }
              }
            }
            Fetch(subgraph: 'facts') {
              $representations0 = Sellable {id} at book
              $representations1 = Readable {isbn} at book
              query ($representations0: [_Any!]!, $representations1: [_Any!]!) {
                _e0: _entities(representations: $representations0) {
                  ... on Sellable {
                    price
                  }
                }
                _e1: _entities(representations: $representations1) {
                  ... on Readable {
                    pages
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"book": {"title": "Emma", "price": 10, "pages": 100}}
    assert federation.client.called() == ["store", "facts"]
    sent = federation.client.calls[-1].variables.values()
    assert [{"__typename": "Sellable", "id": "1"}] in sent
    assert [{"__typename": "Readable", "isbn": "i1"}] in sent


async def test_below_the_one_and_on_other_types_the_subgraph_goes_on() -> None:
    query = "{ sold { price ... on Book { copy { shelf of { price __typename ... on Book { pages } } } } } }"
    federation = _federation()
    assert await federation.data(query) == {
        "sold": [
            {"price": 10, "copy": {"shelf": 1, "of": {"price": 70, "__typename": "Book", "pages": 100}}},
            {"price": 20},
        ]
    }


async def test_what_fails_for_the_one_is_kept_for_the_other() -> None:
    federation = _federation()
    query = "{ book { price pages } sold { id } }"
    federation.client.broken["facts"] = {"data": None, "errors": [{"message": "down"}]}
    answer = await federation.run(query)
    assert answer["data"] is None
    assert {tuple(error["path"]) for error in answer["errors"]} == {("book", "price"), ("book", "pages")}


@pytest.mark.parametrize(
    ("query", "codes"), [("r: Readable", {"SATISFIABILITY_ERROR"}), ("s: Sellable r: Readable", set())]
)
def test_composition_wants_all_by_the_one_that_apollo_enters(query: str, codes: set[str]) -> None:
    """Which one that is depends on the order of the subgraph's own fields; what needs both is refused."""
    facts = f"type Query {{ {query} }} {FACTS}"
    sources = [source("store", LINK + STORE), source("facts", LINK + facts), source("prices", LINK + PRICES)]
    if not codes:
        assert "isInterfaceObject" in compose_supergraph(sources)
        return
    with pytest.raises(CompositionFailed) as caught:
        compose_supergraph(sources)
    assert {problem.code for problem in caught.value.problems} == codes
