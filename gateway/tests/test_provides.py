"""`@provides`: fields of others that a subgraph gives on one path need no fetch there, and elsewhere they do."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

PEOPLE = 'type Person @key(fields: "id") { id: ID! name: String @shareable age: Int address: Address @shareable } '
ADDRESS = "type Address @shareable { city: String street: String }"


def _person(number: str) -> dict[str, object]:
    return {"id": number, "name": f"n{number}", "age": 40, "address": {"city": "c", "street": "s"}}


def _federation() -> Federation:
    return Federation(
        people=Subgraph(LINK + PEOPLE + ADDRESS, {}, {"Person": lambda r: _person(r["id"])}),
        posts=Subgraph(
            LINK + "type Query { post: Post  draft: Post } "
            'type Post { author: Person @provides(fields: "name address { city }")  editor: Person } '
            'type Person @key(fields: "id") { id: ID! name: String @external address: Address @external } ' + ADDRESS,
            {name: {"author": _person("1"), "editor": {"id": "2"}} for name in ("post", "draft")},
        ),
    )


async def test_what_is_provided_is_not_fetched() -> None:
    federation = _federation()
    query = "{ post { author { name address { city } } editor { name } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'posts') {
              {
                post {
                  author {
                    name
                    address {
                      city
                    }
                  }
                  editor {
                    id
                  }
                }
              }
            }
            Fetch(subgraph: 'people') {
              $representations = Person {id} at post.editor
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Person {
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
        "post": {"author": {"name": "n1", "address": {"city": "c"}}, "editor": {"name": "n2"}}
    }


async def test_what_is_not_provided_is_fetched_beside_it() -> None:
    federation = _federation()
    query = "{ post { author { name age address { city street } } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'posts') {
              {
                post {
                  author {
                    name
                    address {
                      city
                      street
                    }
                    id
                  }
                }
              }
            }
            Fetch(subgraph: 'people') {
              $representations = Person {id} at post.author
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Person {
                    age
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {
        "post": {"author": {"name": "n1", "age": 40, "address": {"city": "c", "street": "s"}}}
    }


async def test_provided_for_some_types_only() -> None:
    items = 'type Book @key(fields: "id") { id: ID! name: String @shareable } '
    items += 'type Film @key(fields: "id") { id: ID! name: String @shareable }'
    kept = {"Book": {"id": "1", "name": "book"}, "Film": {"id": "2", "name": "film"}}
    federation = Federation(
        shelf=Subgraph(
            LINK + 'type Query { items: [Item] @provides(fields: "... on Book { name }") } union Item = Book | Film '
            'type Book @key(fields: "id") { id: ID! name: String @external } type Film @key(fields: "id") { id: ID! }',
            {"items": [{"__typename": name, **value} for name, value in kept.items()]},
        ),
        items=Subgraph(LINK + items, {}, {"Book": lambda r: kept["Book"], "Film": lambda r: kept["Film"]}),
    )
    query = "{ items { ... on Book { name } ... on Film { name } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'shelf') {
              {
                items {
                  __typename
                  ... on Film {
                    id
                  }
                  ... on Book {
                    name
                  }
                }
              }
            }
            Fetch(subgraph: 'items') {
              $representations = Film {id} at items
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Film {
                    name
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"items": [{"name": "book"}, {"name": "film"}]}
