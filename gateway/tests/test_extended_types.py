"""Federation 1 and `@extends`: types are extended by subgraphs that do not own them."""

from __future__ import annotations

from gateway.tests.subgraph_world import LINK, Federation, Subgraph, same_plan


def _members() -> Federation:
    return Federation(
        members=Subgraph(
            'type Query { me: Member } type Member @key(fields: "id") { id: ID! name: String birth: Int }',
            {"me": {"id": "1", "name": "Ada", "birth": 1815}},
            {"Member": lambda r: {"name": f"name {r['id']}", "birth": 1800}},
        ),
        posts=Subgraph(
            "type Query @extends { post: Post } "
            'type Post @key(fields: "id") { id: ID! by: Member @provides(fields: "name") } '
            'type Member @extends @key(fields: "id") { id: ID! @external name: String @external posts: [Post] }',
            {"post": {"id": "p", "by": {"id": "2", "name": "Bob"}}},
            {"Member": lambda r: {"posts": [{"id": "p" + r["id"]}]}, "Post": lambda r: r},
        ),
        ages=Subgraph(
            LINK + 'type Member @extends @key(fields: "id") { id: ID! @external birth: Int @external '
            'age: Int @requires(fields: "birth") }',
            {},
            {"Member": lambda r: {"age": 2000 - r["birth"]}},
        ),
    )


async def test_an_extension_adds_fields() -> None:
    federation = _members()
    query = "{ me { name posts { id } } post { id by { name } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Parallel {
            Fetch(subgraph: 'posts') {
              {
                post {
                  id
                  by {
                    name
                  }
                }
              }
            }
            Sequence {
              Fetch(subgraph: 'members') {
                {
                  me {
                    id
                    name
                  }
                }
              }
              Fetch(subgraph: 'posts') {
                $representations = Member {id} at me
                query ($representations: [_Any!]!) {
                  _entities(representations: $representations) {
                    ... on Member {
                      posts {
                        id
                      }
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
        "me": {"name": "Ada", "posts": [{"id": "p1"}]},
        "post": {"id": "p", "by": {"name": "Bob"}},
    }


async def test_an_extension_requires_what_the_owner_has() -> None:
    federation = _members()
    query = "{ me { age } post { by { name age } } }"
    same_plan(
        federation.plan(query),
        """
        QueryPlan {
          Sequence {
            Parallel {
              Fetch(subgraph: 'members') {
                {
                  me {
                    id
                    birth
                  }
                }
              }
              Fetch(subgraph: 'posts') {
                {
                  post {
                    by {
                      name
                      id
                    }
                  }
                }
              }
            }
            Fetch(subgraph: 'members') {
              $representations = Member {id} at post.by
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Member {
                    birth
                  }
                }
              }
            }
            Fetch(subgraph: 'ages') {
              $representations = Member {id birth} at me, post.by
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Member {
                    age
                  }
                }
              }
            }
          }
        }
        """,
    )
    assert await federation.data(query) == {"me": {"age": 185}, "post": {"by": {"name": "Bob", "age": 200}}}
