"""Compound keys, several keys, ways over a third subgraph, value types, overrides."""

from typing import Any

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


async def test_a_compound_key_with_a_nested_part() -> None:
    plant = {"org": {"id": "o1", "name": "Org"}, "number": 7, "city": "Lyon"}
    federation = Federation(
        sites=Subgraph(
            LINK
            + """
            type Query { plant: Plant }
            type Plant @key(fields: "number org { id }") { number: Int! org: Org! city: String! }
            type Org @shareable { id: ID! name: String! }
            """,
            {"plant": plant},
            {"Plant": lambda _: plant},
        ),
        output=Subgraph(
            LINK
            + """
            type Plant @key(fields: "org { id } number") { number: Int! org: Org! tons: Int! }
            type Org @shareable { id: ID! name: String! }
            """,
            {},
            {"Plant": lambda r: {**r, "tons": r["number"] * 100 if r["org"]["id"] == "o1" else 0}},
        ),
    )
    same_plan(
        federation.plan("{ plant { city tons org { name } } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'sites') {
              {
                plant {
                  org {
                    id
                    name
                  }
                  number
                  city
                }
              }
            }
            Fetch(subgraph: 'output') {
              $representations = Plant {org {id} number} at plant
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Plant {
                    tons
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ plant { city tons org { name } } }") == {
        "plant": {"city": "Lyon", "tons": 700, "org": {"name": "Org"}}
    }


def _chain_of_keys() -> Federation:
    return Federation(
        a=Subgraph(LINK + 'type Query { x: X } type X @key(fields: "a") { a: ID! }', {"x": {"a": "1"}}),
        b=Subgraph(
            LINK + 'type X @key(fields: "a") @key(fields: "b") { a: ID! b: ID! }',
            {},
            {"X": lambda r: {"a": r.get("a"), "b": "b" + r["a"]}},
        ),
        c=Subgraph(
            LINK + 'type X @key(fields: "b") @key(fields: "c") { b: ID! c: ID! }',
            {},
            {"X": lambda r: {"b": r["b"], "c": "c" + r["b"]}},
        ),
        d=Subgraph(
            LINK + 'type X @key(fields: "c") { c: ID! found: String! }', {}, {"X": lambda r: {"found": "by " + r["c"]}}
        ),
    )


def test_the_plan_of_a_key_that_is_translated() -> None:
    same_plan(
        _chain_of_keys().plan("{ x { found } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              {
                x {
                  a
                }
              }
            }
            Fetch(subgraph: 'b') {
              $representations = X {a} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    b
                  }
                }
              }
            }
            Fetch(subgraph: 'c') {
              $representations = X {b} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    c
                  }
                }
              }
            }
            Fetch(subgraph: 'd') {
              $representations = X {c} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    found
                  }
                }
              }
            }
          }
        }
        """,
    )


async def test_a_key_is_translated_by_a_third_subgraph() -> None:
    federation = _chain_of_keys()
    assert await federation.data("{ x { found } }") == {"x": {"found": "by cb1"}}
    assert federation.client.called() == ["a", "b", "c", "d"]


def _key_in_two_places() -> Federation:
    return Federation(
        a=Subgraph(LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! }', {"x": {"id": "1"}}),
        b=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! left: ID! @shareable }', {}, {"X": lambda _: {"left": "l"}}
        ),
        c=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! right: ID! @shareable }', {}, {"X": lambda _: {"right": "r"}}
        ),
        d=Subgraph(
            LINK + 'type X @key(fields: "left right") { left: ID! right: ID! sum: String! }',
            {},
            {"X": lambda r: {"sum": r["left"] + r["right"]}},
        ),
    )


def test_the_plan_of_a_key_that_is_gathered() -> None:
    same_plan(
        _key_in_two_places().plan("{ x { sum } }"),
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
            Parallel {
              Fetch(subgraph: 'b') {
                $representations = X {id} at x
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on X {
                      left
                    }
                  }
                }
              }
              Fetch(subgraph: 'c') {
                $representations = X {id} at x
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on X {
                      right
                    }
                  }
                }
              }
            }
            Fetch(subgraph: 'd') {
              $representations = X {left right} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    sum
                  }
                }
              }
            }
          }
        }
        """,
    )


async def test_a_key_is_gathered_from_two_subgraphs() -> None:
    federation = _key_in_two_places()
    assert await federation.data("{ x { sum } }") == {"x": {"sum": "lr"}}
    assert sorted(federation.client.called()) == ["a", "b", "c", "d"]


async def test_a_value_type_is_put_together_at_its_parent() -> None:
    federation = Federation(
        a=Subgraph(
            LINK
            + 'type Query { x: X } type X @key(fields: "id") { id: ID! size: Size @shareable } type Size { w: Int! }',
            {"x": {"id": "1", "size": {"w": 3}}},
            {"X": lambda _: {"size": {"w": 3}}},
        ),
        b=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! size: Size @shareable } type Size { h: Int! }',
            {},
            {"X": lambda _: {"size": {"h": 4}}},
        ),
    )
    assert await federation.data("{ x { size { w h } } }") == {"x": {"size": {"w": 3, "h": 4}}}
    assert await federation.data("{ x { size { h } } }") == {"x": {"size": {"h": 4}}}
    assert "size" not in federation.client.calls[0].text


async def test_a_shared_list_is_put_together_item_by_item() -> None:
    federation = Federation(
        a=Subgraph(LINK + "type Query { all: [V!]! @shareable } type V { a: Int! }", {"all": [{"a": 1}, {"a": 2}]}),
        b=Subgraph(LINK + "type Query { all: [V!]! @shareable } type V { b: Int! }", {"all": [{"b": 3}, {"b": 4}]}),
    )
    same_plan(
        federation.plan("{ all { a b } }"),
        """
        QueryPlan {
          Parallel {
            Fetch(subgraph: 'a') {
              {
                all {
                  a
                }
              }
            }
            Fetch(subgraph: 'b') {
              {
                all {
                  b
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ all { a b } }") == {"all": [{"a": 1, "b": 3}, {"a": 2, "b": 4}]}


async def test_null_keys_are_no_entities() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { xs: [X] } type X @key(fields: "id") { id: ID }',
            {"xs": [{"id": "1"}, {"id": None}, None]},
        ),
        b=Subgraph(LINK + 'type X @key(fields: "id") { id: ID name: String }', {}, {"X": lambda r: {"name": r["id"]}}),
    )
    assert await federation.data("{ xs { name } }") == {"xs": [{"name": "1"}, {"name": None}, None]}
    assert federation.client.calls[-1].variables["representations"] == [{"__typename": "X", "id": "1"}]


async def test_a_key_of_which_a_part_is_null_is_a_key() -> None:
    """Only where all of it is null there is no entity. What the subgraph does not find is null, without an error."""

    def found(representation: dict[str, Any]) -> Any:
        return {"name": f"{representation['shop']}/{representation['id']}"} if representation["id"] else None

    keyed = 'type X @key(fields: "id shop") { id: ID shop: ID '
    xs = [{"id": "1", "shop": "s"}, {"id": "2", "shop": None}, {"id": None, "shop": "s"}, {"id": None, "shop": None}]
    federation = Federation(
        a=Subgraph(LINK + "type Query { xs: [X!]! } " + keyed + "}", {"xs": xs}),
        b=Subgraph(LINK + keyed + "name: String }", {}, {"X": found}),
    )
    assert await federation.data("{ xs { name } }") == {
        "xs": [{"name": "s/1"}, {"name": "None/2"}, {"name": None}, {"name": None}]
    }
    assert len(federation.client.calls[-1].variables["representations"]) == 3


async def test_a_nested_key_that_is_null() -> None:
    keyed = 'type X @key(fields: "owner { id }") { owner: Owner '
    owner = " type Owner @shareable { id: ID! }"
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { xs: [X] } " + keyed + "}" + owner, {"xs": [{"owner": None}, {"owner": {"id": "1"}}]}
        ),
        b=Subgraph(LINK + keyed + "name: String }" + owner, {}, {"X": lambda r: {"name": r["owner"]["id"]}}),
    )
    assert await federation.data("{ xs { name } }") == {"xs": [{"name": None}, {"name": "1"}]}
    assert federation.client.calls[-1].variables["representations"] == [{"__typename": "X", "owner": {"id": "1"}}]


def test_what_a_key_needs_is_counted_once() -> None:
    """`costs` is entered at the order: its key takes what `choices` takes and that itself, not both again."""
    order, item = "type Order @key(fields: ", "type Item @key(fields: "
    federation = Federation(
        orders=Subgraph(
            LINK + f'type Query {{ latest: Order! }} {order}"items {{ id }}") {{ items: [Item!]! @shareable }} '
            f'{item}"id") {{ id: ID! group: Group @shareable }} type Group @shareable {{ id: ID! }}'
        ),
        codes=Subgraph(LINK + f'{item}"id") @key(fields: "id code") {{ id: ID! code: ID! @shareable }}'),
        choices=Subgraph(
            LINK + f'{order}"items {{ id code }}") {{ items: [Item!]! @shareable chosen: Item @shareable }} '
            f'{item}"id code") {{ id: ID! code: ID! @shareable }}'
        ),
        costs=Subgraph(
            LINK + f'{order}"items {{ id code group {{ id }} }} chosen {{ id }}") '
            "{ items: [Item!]! @shareable chosen: Item @shareable } type Group @shareable { id: ID! } "
            f'{item}"id code group {{ id }}") {{ id: ID! code: ID! @shareable group: Group @shareable cost: Int }}'
        ),
    )
    plan = federation.plan("{ latest { chosen { cost } } }")
    assert [line.split("'")[1] for line in plan.splitlines() if "Fetch(" in line] == [
        "orders", "codes", "choices", "costs"
    ]  # fmt: skip
