"""`__typename` anywhere: from the subgraph where it may vary, by the gateway itself where it cannot."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


def _media() -> Federation:
    item = [{"__typename": "Book", "id": "1"}, {"__typename": "Film", "id": "2"}]
    return Federation(
        media=Subgraph(
            LINK + "type Query { items: [Item] book: Book } union Item = Book | Film "
            'type Book @key(fields: "id") { id: ID! } type Film @key(fields: "id") { id: ID! }',
            {"items": [*item, None], "book": item[0]},
        ),
        more=Subgraph(
            LINK + 'type Book @key(fields: "id") { id: ID! part: Part } type Part { pages: Int }',
            {},
            {"Book": lambda r: {"part": {"pages": 7}}},
        ),
    )


async def test_of_a_union() -> None:
    federation = _media()
    query = "{ items { __typename kind: __typename ... on Book { again: __typename } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Fetch(subgraph: 'media') {
            {
              items {
                __typename
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {
        "items": [{"__typename": "Book", "kind": "Book", "again": "Book"}, {"__typename": "Film", "kind": "Film"}, None]
    }


async def test_of_the_root_and_of_objects() -> None:
    federation = _media()
    query = "{ __typename root: __typename book { __typename part { type: __typename } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'media') {
              {
                book {
                  id
                }
              }
            }
            Fetch(subgraph: 'more') {
              $representations = Book {id} at book
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Book {
                    part {
                      __typename
                    }
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {
        "__typename": "Query",
        "root": "Query",
        "book": {"__typename": "Book", "part": {"type": "Part"}},
    }


async def test_alone_it_needs_no_fetch() -> None:
    federation = _media()
    query = "query { __typename }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {}
        """,
    )
    assert await federation.data(query) == {"__typename": "Query"}
