"""Fragments: what they select is merged, once for each type that it is for."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


def _zoo() -> Federation:
    animals = [{"__typename": "Cat", "id": "c"}, {"__typename": "Dog", "id": "d"}]
    types = 'interface Animal { id: ID! } type Cat implements Animal @key(fields: "id") { id: ID! } '
    types += 'type Dog implements Animal @key(fields: "id") { id: ID! }'
    return Federation(
        zoo=Subgraph(LINK + "type Query { animals: [Animal!]! } " + types, {"animals": animals}),
        vet=Subgraph(
            LINK + 'type Cat @key(fields: "id") { id: ID! lives: Int kin: [Dog!] } '
            'type Dog @key(fields: "id") { id: ID! loud: Boolean kin: [Cat!] }',
            {},
            {
                "Cat": lambda r: {"lives": 9, "kin": [{"id": "d2", "loud": False}]},
                "Dog": lambda r: {"loud": r["id"] == "d", "kin": [{"id": "c2", "lives": 7}]},
            },
        ),
    )


async def test_nested_fragments_are_flattened() -> None:
    federation = _zoo()
    query = (
        "{ animals { ...A ... on Animal { ...A ... on Dog { loud } } } } fragment A on Animal { id "
        "...B } fragment B on Cat { lives }"
    )
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'zoo') {
              {
                animals {
                  __typename
                  id
                }
              }
            }
            Fetch(subgraph: 'vet') {
              $representations = Cat {id} | Dog {id} at animals
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Cat {
                    lives
                  }
                  ... on Dog {
                    loud
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"animals": [{"id": "c", "lives": 9}, {"id": "d", "loud": True}]}


async def test_a_fragment_is_used_at_several_places() -> None:
    federation = _zoo()
    query = (
        "{ animals { ... on Cat { ...C kin { ...D } } ... on Dog { ...D kin { ...C } } } } fragment "
        "C on Cat { lives id } fragment D on Dog { loud }"
    )
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'zoo') {
              {
                animals {
                  __typename
                  id
                }
              }
            }
            Fetch(subgraph: 'vet') {
              $representations = Cat {id} | Dog {id} at animals
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Cat {
                    lives
                    kin {
                      loud
                    }
                  }
                  ... on Dog {
                    loud
                    kin__2: kin {
                      lives
                      id
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
        "animals": [
            {"lives": 9, "id": "c", "kin": [{"loud": False}]},
            {"loud": True, "kin": [{"lives": 7, "id": "c2"}]},
        ]
    }


async def test_what_cannot_apply_is_left_out() -> None:
    federation = _zoo()
    query = "{ animals { ... on Cat { ... on Animal { ... on Dog { loud } } id } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Fetch(subgraph: 'zoo') {
            {
              animals {
                __typename
                ... on Cat {
                  id
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"animals": [{"id": "c"}, {}]}
