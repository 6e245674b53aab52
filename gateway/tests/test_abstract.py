"""Interfaces and unions: type conditions, fields of some types only, entities among them."""

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

MEDIA = """
type Query { media: [Media!]!  node(id: ID!): Node  top: [Item!]! }
interface Node { id: ID! }
interface Item { title: String! }
union Media = Book | Song | Clip
type Book implements Node & Item @key(fields: "id") { id: ID! title: String! author: Person! }
type Song implements Node & Item @key(fields: "id") { id: ID! title: String! author: Person! seconds: Int! }
type Clip implements Item { title: String! length: String! }
type Person @key(fields: "id") { id: ID! }
"""
RATINGS = """
type Book @key(fields: "id") { id: ID! stars: Int! }
type Song @key(fields: "id") { id: ID! stars: Int! }
"""
PEOPLE = """
type Query { person: Person }
type Person @key(fields: "id") { id: ID! name: String! }
"""
BOOK = {"__typename": "Book", "id": "b1", "title": "Walden", "author": {"id": "1"}}
SONG = {"__typename": "Song", "id": "s1", "title": "Help", "author": {"id": "2"}, "seconds": 139}
CLIP = {"__typename": "Clip", "title": "Cat", "length": "short"}


@pytest.fixture(name="library", scope="module")
def _library() -> Federation:
    return Federation(
        media=Subgraph(
            LINK + MEDIA,
            {
                "media": [BOOK, SONG, CLIP],
                "top": [SONG, BOOK],
                "node": lambda **key: {"b1": BOOK, "s1": SONG}.get(key["id"]),
            },
            {"Book": lambda _: BOOK, "Song": lambda _: SONG},
        ),
        ratings=Subgraph(
            LINK + RATINGS,
            {},
            {"Book": lambda r: {**r, "stars": 5}, "Song": lambda r: {**r, "stars": 4}},
        ),
        people=Subgraph(LINK + PEOPLE, {}, {"Person": lambda r: {**r, "name": f"person {r['id']}"}}),
    )


async def test_a_union_keeps_types_apart(library: Federation) -> None:
    data = await library.data(
        """{ media {
          __typename
          ... on Book { title stars }
          ... on Song { x: seconds }
          ... on Clip { y: length }
        } }"""
    )
    assert data["media"] == [
        {"__typename": "Book", "title": "Walden", "stars": 5},
        {"__typename": "Song", "x": 139},
        {"__typename": "Clip", "y": "short"},
    ]
    assert library.client.called() == ["media", "ratings"]


async def test_entities_of_several_types_take_one_call(library: Federation) -> None:
    query = "{ media { ... on Book { stars author { name } } ... on Song { stars author { name } } } }"
    data = await library.data(query)
    assert data["media"] == [
        {"stars": 5, "author": {"name": "person 1"}},
        {"stars": 4, "author": {"name": "person 2"}},
        {},
    ]
    assert sorted(library.client.called()) == ["media", "people", "ratings"]


async def test_interface_fields_are_asked_for_on_the_interface(library: Federation) -> None:
    query = "{ top { title ... on Song { seconds } } }"
    assert await library.data(query) == {"top": [{"title": "Help", "seconds": 139}, {"title": "Walden"}]}
    same_plan(
        library.plan(query),
        """
        QueryPlan {
          Fetch(subgraph: 'media') {
            {
              top {
                __typename
                title
                ... on Song {
                  seconds
                }
              }
            }
          }
        }
        """,
    )


async def test_a_fragment_on_an_interface_of_another_interface(library: Federation) -> None:
    data = await library.data('{ node(id: "s1") { id ... on Item { title __typename ... on Song { stars } } } }')
    assert data == {"node": {"id": "s1", "title": "Help", "__typename": "Song", "stars": 4}}


async def test_one_type_among_others_is_completed_alone(library: Federation) -> None:
    data = await library.data("{ media { ... on Song { author { name } } ... on Book { author { id } } } }")
    assert data["media"] == [{"author": {"id": "1"}}, {"author": {"name": "person 2"}}, {}]
    (people,) = (call for call in library.client.calls if call.subgraph == "people")
    assert people.variables["representations"] == [{"__typename": "Person", "id": "2"}]


async def test_a_type_that_is_not_possible_is_null_with_an_error(library: Federation) -> None:
    library.client.broken["media"] = {"data": {"node": {"__typename": "Ghost", "id": "g"}}}
    try:
        answer = await library.run('{ node(id: "g") { id } }')
    finally:
        library.client.broken.clear()
    assert answer["data"] == {"node": None}
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_VALUE"
    assert answer["errors"][0]["path"] == ["node"]


async def test_types_that_differ_in_one_subgraph_only_are_asked_for_apart() -> None:
    """`n` is `String!` on A and `String` on B in `s`: one document there may not ask for both under one key."""
    federation = Federation(
        s=Subgraph(
            LINK + "type Query { all: [U!]! } union U = A | B type A { n: String! @shareable } type B { n: String }",
            {"all": [{"__typename": "A", "n": "a"}, {"__typename": "B", "n": "b"}]},
        ),
        t=Subgraph(LINK + "type Query { other: A } type A { n: String @shareable }"),
    )
    data = await federation.data("{ all { ... on A { n } ... on B { n } } }")
    assert data == {"all": [{"n": "a"}, {"n": "b"}]}
