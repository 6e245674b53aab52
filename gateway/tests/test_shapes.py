"""Shapes that are easy to get wrong: lists of lists, the query type below a mutation, objects as scalars, inputs."""

from typing import Any

from gateway.tests.subgraph_world import LINK, Federation, Subgraph


def cell(number: int) -> dict[str, Any]:
    return {"id": str(number)}


async def test_entities_in_lists_of_lists() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { grid: [[Cell]] } type Cell @key(fields: "id") { id: ID! }',
            {"grid": [[cell(1), None], None, [], [cell(2), cell(1)]]},
        ),
        b=Subgraph(
            LINK + 'type Cell @key(fields: "id") { id: ID! value: Int }',
            {},
            {"Cell": lambda r: {"value": int(r["id"])}},
        ),
    )
    assert await federation.data("{ grid { value } }") == {
        "grid": [[{"value": 1}, None], None, [], [{"value": 2}, {"value": 1}]]
    }
    assert [item["id"] for item in federation.client.calls[1].variables["representations"]] == ["1", "2"]


async def test_the_query_type_below_a_mutation() -> None:
    federation = Federation(
        a=Subgraph(
            LINK
            + "type Query { one: Int } type Mutation { change: Changed } type Changed { ok: Boolean query: Query }",
            {"change": {"ok": True, "query": {"one": 1}}},
        ),
        b=Subgraph(LINK + "type Query { two: Int }", {"two": 2}),
    )
    assert await federation.data("mutation { change { ok query { one two } } }") == {
        "change": {"ok": True, "query": {"one": 1, "two": 2}}
    }
    assert [(call.subgraph, call.kind) for call in federation.client.calls] == [("a", "mutation"), ("b", "query")]


async def test_scalars_may_hold_objects_and_null() -> None:
    value = {"id": None, "list": [1, {"deep": "é"}], "__typename": "no type"}
    federation = Federation(
        a=Subgraph(LINK + "scalar Json type Query { json: Json jsons: [Json!] }", {"json": value, "jsons": [1, "a"]})
    )
    assert await federation.data("{ json jsons }") == {"json": value, "jsons": [1, "a"]}


async def test_inputs_are_forwarded_as_the_client_sent_them() -> None:
    seen: list[Any] = []

    def find(**arguments: Any) -> int:
        seen.append(arguments)
        return 1

    sdl = (
        'input Filter { kind: Kind text: String = "t" all: [Filter!] } enum Kind { A B } '
        "type Query { find(filter: Filter, limit: Int = 9, tags: [String]): Int }"
    )
    federation = Federation(a=Subgraph(LINK + sdl, {"find": find}))
    await federation.data(
        "query($f: Filter, $k: Kind = B, $unset: Int) "
        '{ a: find(filter: $f) b: find(filter: {kind: $k, all: [{kind: A}]}, limit: $unset, tags: [null, "x"]) }',
        f={"text": None, "all": [{"kind": "B"}]},
    )
    (call,) = federation.client.calls
    assert call.variables == {"f": {"text": None, "all": [{"kind": "B"}]}}
    assert seen == [
        {"filter": {"text": None, "all": [{"kind": "B", "text": "t"}]}, "limit": 9},
        {"filter": {"kind": "B", "text": "t", "all": [{"kind": "A", "text": "t"}]}, "limit": 9, "tags": [None, "x"]},
    ]


async def test_numbers_and_ids_are_coerced_and_checked() -> None:
    federation = Federation(
        a=Subgraph(LINK + "type Query { id: ID int: Int float: Float flag: Boolean text: String }", {})
    )
    federation.client.broken["a"] = {"data": {"id": 7, "int": 5.0, "float": 3, "flag": True, "text": "t"}}
    query = "{ id int float flag text }"
    assert await federation.data(query) == {"id": "7", "int": 5, "float": 3, "flag": True, "text": "t"}
    federation.client.broken["a"] = {"data": {"id": True, "int": 2**31, "float": "3", "flag": 1, "text": 5}}
    answer = await federation.run(query)
    assert answer["data"] == dict.fromkeys(["id", "int", "float", "flag", "text"])
    assert [error["path"] for error in answer["errors"]] == [["id"], ["int"], ["float"], ["flag"], ["text"]]


async def test_names_of_the_gateway_own_variables_are_free() -> None:
    federation = Federation(
        a=Subgraph(LINK + 'type Query { x: X } type X @key(fields: "id") { id: ID! }', {"x": {"id": "1"}}),
        b=Subgraph(
            LINK + 'type X @key(fields: "id") { id: ID! plus(n: Int!): Int }',
            {},
            {"X": lambda _: {"plus": lambda n: n + 1}},
        ),
    )
    query = "query($representations: Int!) { x { _entities: plus(n: $representations) } }"
    assert await federation.data(query, representations=4) == {"x": {"_entities": 5}}
