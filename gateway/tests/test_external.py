"""`@external`: a field that a subgraph only speaks of is never asked of it."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


async def test_an_external_field_is_asked_of_its_owner() -> None:
    federation = Federation(
        owner=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! name: String }', {}, {"X": lambda r: {"name": "right"}}
        ),
        other=Subgraph(
            LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! name: String @external '
            'hello: String @requires(fields: "name") }',
            {"x": {"id": "1", "name": "wrong"}},
            {"X": lambda r: {"hello": "hello " + r["name"]}},
        ),
    )
    same_plan(
        federation.plan("{ x { name hello } }"),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'other') {
              {
                x {
                  id
                }
              }
            }
            Fetch(subgraph: 'owner') {
              $representations = X {id} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    name
                  }
                }
              }
            }
            Fetch(subgraph: 'other') {
              $representations = X {id name} at x
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    hello
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ x { name hello } }") == {"x": {"name": "right", "hello": "hello right"}}


async def test_an_external_key_is_there() -> None:
    """As federation 1 writes it: the key of an extended type is external, yet the subgraph has it."""
    federation = Federation(
        a=Subgraph('type Query { x: X } type X @key(fields: "id") { id: ID! name: String }', {"x": {"id": "1"}}),
        b=Subgraph(
            'type Query { y: Y } type Y { x: X } type X @extends @key(fields: "id") { id: ID! @external size: Int }',
            {"y": {"x": {"id": "2", "size": 5}}},
        ),
    )
    same_plan(
        federation.plan("{ y { x { id size } } }"),
        """
        QueryPlan {
          Fetch(subgraph: 'b') {
            {
              y {
                x {
                  id
                  size
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data("{ y { x { id size } } }") == {"y": {"x": {"id": "2", "size": 5}}}
