"""Subgraphs that resolve the same field give the same objects: a type that one of them does not know cannot occur."""

from __future__ import annotations

import pytest
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan

from rapport_gateway.errors import RequestRefused

COMMON = {"__typename": "Common", "label": "both"}
BOX = {"id": "1", "parts": [COMMON]}
PARTS = 'type Common @shareable { label: String } type Box @key(fields: "id") { id: ID! parts: [Part!]! @shareable'


@pytest.fixture(name="boxes", scope="module")
def _boxes() -> Federation:
    first = f"type Query {{ box: Box }} union Part = Common | Left type Left {{ l: Int }} {PARTS} }}"
    second = f"union Part = Common | Right type Right {{ r: Int }} {PARTS} own: [Part!]! }}"
    own = {"own": [{"__typename": "Right", "r": 5}]}
    return Federation(
        first=Subgraph(LINK + first, {"box": BOX}, {"Box": lambda _: BOX}),
        second=Subgraph(LINK + second, {}, {"Box": lambda _: {**BOX, **own}}),
    )


async def test_what_is_selected_on_such_a_type_is_not_fetched(boxes: Federation) -> None:
    query = "{ box { parts { __typename ... on Common { label } ... on Left { l } ... on Right { r } } } }"
    assert await boxes.data(query) == {"box": {"parts": [COMMON]}}
    same_plan(
        boxes.plan(query),
        """
        QueryPlan {
          Fetch(subgraph: 'first') {
            {
              box {
                parts {
                  __typename
                  ... on Common {
                    label
                  }
                }
              }
            }
          }
        }
        """,
    )


async def test_where_one_subgraph_alone_resolves_the_field_its_types_count(boxes: Federation) -> None:
    query = "{ box { own { ... on Left { l } ... on Right { r } } } }"
    assert await boxes.data(query) == {"box": {"own": [{"r": 5}]}}


async def test_a_selection_on_all_types_is_kept_for_each() -> None:
    """Only what is selected on a type that cannot occur is left out, never what is selected on the interface."""
    book = {"__typename": "Book", "id": "b", "title": "Walden"}
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { any: Item @shareable } interface Item { title: String } "
            "type Book implements Item @shareable { title: String } type Film implements Item { title: String }",
            {"any": book},
        ),
        b=Subgraph(
            LINK + "type Query { any: Item @shareable } interface Item { title: String } "
            "type Book implements Item @shareable { title: String }",
            {"any": book},
        ),
    )
    assert await federation.data("{ any { title ... on Film { t: title } } }") == {"any": {"title": "Walden"}}
    assert "... on Film" not in federation.plan("{ any { ... on Film { title } ... on Book { title } } }")


async def test_no_subgraph_alone_can_give_a_field_of_all_types() -> None:
    """`id` of a Left is known to one of the subgraphs only, of a Right to the other only: neither can answer."""
    sdl = "type Query {{ any: Item @shareable }} interface Item {{ id: ID! }} {} {}"
    known = 'type {0} implements Item @key(fields: "id") {{ id: ID! n{0}: Int }}'
    unknown = 'type {0} implements Item @key(fields: "id") {{ id: ID! @external m{0}: Int }}'
    federation = Federation(
        a=Subgraph(LINK + sdl.format(known.format("Left"), unknown.format("Right"))),
        b=Subgraph(LINK + sdl.format(unknown.format("Left"), known.format("Right"))),
    )
    with pytest.raises(RequestRefused, match="cannot be planned"):
        await federation.run("{ any { id } }")
    assert federation.plan("{ any { ... on Left { id } } }").count("Fetch(") == 1
