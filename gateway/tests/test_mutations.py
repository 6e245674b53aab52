"""Mutations: root fields in order, each once, neighbours of one subgraph together; entities of the result as usual."""

from __future__ import annotations

from gateway.tests.shop import shop
from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


async def test_mutations_run_in_order_and_are_completed() -> None:
    federation = shop()
    data = await federation.data(
        """mutation {
          a: renameUser(id: "1", name: "Ada") { name reviews { id } }
          b: discount(upc: "p1") { price inStock }
          c: renameUser(id: "2", name: "Bea") { name }
          d: renameUser(id: "3", name: "Cy") { name }
        }"""
    )
    assert data["a"]["name"] == "Ada"
    assert data["b"] == {"price": 9, "inStock": True}
    assert data["d"] == {"name": "Cy"}
    assert federation.client.called() == ["accounts", "reviewing", "catalogue", "inventory", "accounts"]
    assert [call.kind for call in federation.client.calls] == ["mutation", "query", "mutation", "query", "mutation"]


def _steps(done: list[str]) -> Federation:
    def step(name: str) -> dict[str, str]:
        done.append(name)
        return {"id": name}

    def complete(representation: dict[str, str]) -> dict[str, str]:
        done.append(f"read {representation['id']}")
        return {"note": "n" + representation["id"]}

    keyed = 'type X @key(fields: "id") { id: ID! '
    return Federation(
        a=Subgraph(
            LINK + "type Query { q: Int } type Mutation { one: X two: X } " + keyed + "}",
            {"one": lambda: step("1"), "two": lambda: step("2")},
        ),
        b=Subgraph(
            LINK + "type Mutation { three: X } " + keyed + "note: String }",
            {"three": lambda: step("3")},
            {"X": complete},
        ),
    )


async def test_neighbours_of_one_subgraph_share_a_request_and_the_order_is_kept() -> None:
    done: list[str] = []
    federation = _steps(done)
    query = "mutation { one { id } three { id } two { note } again: one { id } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'a') {
              mutation {
                one {
                  id
                }
              }
            }
            Fetch(subgraph: 'b') {
              mutation {
                three {
                  id
                }
              }
            }
            Fetch(subgraph: 'a') {
              mutation {
                two {
                  id
                }
                again: one {
                  id
                }
              }
            }
            Fetch(subgraph: 'b') {
              $representations = X {id} at two
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on X {
                    note
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {
        "one": {"id": "1"},
        "three": {"id": "3"},
        "two": {"note": "n2"},
        "again": {"id": "1"},
    }
    assert [name for name in done if name.isdigit()] == ["1", "3", "2", "1"]


async def test_a_shared_mutation_field_is_sent_to_the_subgraph_that_can_answer_it_alone() -> None:
    done: list[str] = []

    def add(where: str) -> dict[str, str]:
        done.append(where)
        return {"id": "1", "name": "n"}

    keyed = 'type X @key(fields: "id")'
    federation = Federation(
        a=Subgraph(
            f"{LINK} type Query {{ x: X }} type Mutation {{ add: X @shareable }} {keyed} {{ id: ID! }}",
            {"add": lambda: add("a")},
        ),
        b=Subgraph(
            f"{LINK} type Mutation {{ add: X @shareable }} {keyed} {{ id: ID! name: String }}",
            {"add": lambda: add("b")},
            {"X": lambda representation: {**representation, "name": "n"}},
        ),
    )
    assert await federation.data("mutation { add { id name } }") == {"add": {"id": "1", "name": "n"}}
    assert (done, federation.client.called()) == (["b"], ["b"])
