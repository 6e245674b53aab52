"""The same entity in many places: asked for once, completed once, and still right in every place."""

from __future__ import annotations

import asyncio
from typing import Any

from gateway.tests.subgraph_world import LINK, Federation, Subgraph
from graphql import GraphQLError

from rapport_gateway.subgraphs.client import SubgraphAnswer, SubgraphRequest

POSTS = Subgraph(
    """
    type Query { posts: [Post] }
    type Post { id: ID! author: User }
    type User @key(fields: "id") { id: ID! seen: Any }
    scalar Any
    """,
)
USERS = Subgraph('type User @key(fields: "id") { id: ID! name: String! team: Team } type Team { label: String }', {})


def world(seen: list[Any], resolve: Any = None) -> Federation:
    posts = [{"id": str(n), "author": {"id": "u", "seen": value}} for n, value in enumerate(seen)]
    resolve = resolve or (lambda user: {"id": user["id"], "name": "Ada", "team": {"label": "x"}})
    return Federation(posts=Subgraph(POSTS.sdl, {"posts": posts}), users=Subgraph(USERS.sdl, {}, {"User": resolve}))


async def test_equal_objects_are_completed_together() -> None:
    federation = world(["a", "a", "b", None])
    expected = [{"author": {"seen": seen, "name": "Ada", "team": {"label": "x"}}} for seen in ("a", "a", "b", None)]
    for _ in range(3):
        assert await federation.data("{ posts { author { seen name team { label } } } }") == {"posts": expected}
        assert federation.client.calls[1].variables == {"representations": [{"__typename": "User", "id": "u"}]}


async def test_values_that_python_takes_for_equal_stay_apart() -> None:
    federation = world([1, True, 1.0, {"a": 1}, {"a": True}, "1"])
    for _ in range(3):
        found = await federation.data("{ posts { author { seen name } } }")
        assert repr([post["author"]["seen"] for post in found["posts"]]) == "[1, True, 1.0, {'a': 1}, {'a': True}, '1']"


async def test_an_error_of_an_entity_is_told_for_each_of_its_places() -> None:
    def resolve(_: Any) -> Any:
        return GraphQLError("no")

    federation = world(["a", "a"], resolve)
    for _ in range(3):
        answer = await federation.run("{ posts { id author { name } } }")
        assert answer["data"] == {"posts": [{"id": "0", "author": None}, {"id": "1", "author": None}]}
        assert [item["path"] for item in answer["errors"]] == [["posts", 0, "author"], ["posts", 1, "author"]]


async def test_a_null_of_an_entity_is_told_for_each_of_its_places() -> None:
    federation = world(["a", "a"], lambda user: {"id": user["id"], "name": None})
    federation.client.broken["users"] = {"data": {"_entities": [{"name": None}]}}
    for _ in range(3):
        answer = await federation.run("{ posts { author { name } } }")
        assert answer["data"] == {"posts": [{"author": None}, {"author": None}]}
        assert [item["path"] for item in answer["errors"]] == [
            ["posts", 0, "author", "name"],
            ["posts", 1, "author", "name"],
        ]


async def test_objects_that_two_fetches_bring_are_not_shared() -> None:
    """Their second half comes by place in the list, and may differ from place to place."""
    row = LINK + "type Query { rows: [Row] @shareable } type Row @shareable { item: Item }"
    one = Subgraph(
        f'{row} type Item @key(fields: "id") {{ id: ID! a: Int }}', {"rows": [{"item": {"id": "1", "a": 1}}] * 2}
    )
    two = Subgraph(
        f"{row} type Item {{ b: Int }}",
        {"rows": [{"item": {"b": 1}}, {"item": {"b": 2}}]},
    )
    three = Subgraph(LINK + 'type Item @key(fields: "id") { id: ID! c: Int }', {}, {"Item": lambda _: {"c": 9}})
    federation = Federation(one=one, two=two, three=three)
    execute = federation.client.execute

    async def execute_two_last(request: SubgraphRequest) -> SubgraphAnswer:
        for _ in range(10 if request.subgraph == "two" else 0):
            await asyncio.sleep(0)
        return await execute(request)

    federation.client.execute = execute_two_last  # type: ignore[method-assign]
    for _ in range(3):
        found = await federation.data("{ rows { item { a b c } } }")
        assert found == {"rows": [{"item": {"a": 1, "b": 1, "c": 9}}, {"item": {"a": 1, "b": 2, "c": 9}}]}
