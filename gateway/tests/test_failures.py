"""Subgraphs that fail or talk nonsense: what can be answered is, the rest is null with an error that says where."""

from typing import Any

import pytest
from gateway.tests.shop import shop
from gateway.tests.subgraph_world import LINK, Federation, Subgraph
from graphql import GraphQLError

from rapport_gateway.errors import ErrorPolicy
from rapport_gateway.subgraphs.client import SubgraphFailure

UNREACHABLE = SubgraphFailure("subgraph 'accounts' cannot be reached", "SUBREQUEST_FAILED")


@pytest.fixture(name="shop")
def _shop() -> Federation:
    return shop()


async def test_a_subgraph_that_is_down_costs_only_its_own_fields(shop: Federation) -> None:
    shop.client.broken["accounts"] = UNREACHABLE
    answer = await shop.run("{ me { name } products(first: 1) { name } }")
    assert answer["data"] == {"me": None, "products": [{"name": "product 1"}]}
    assert answer["errors"] == [
        {
            "message": "a subgraph cannot be reached",
            "path": ["me"],
            "extensions": {"code": "SUBREQUEST_FAILED"},
        }
    ]


async def test_a_failed_join_is_told_once_with_its_place(shop: Federation) -> None:
    shop.client.broken["inventory"] = UNREACHABLE
    answer = await shop.run("{ products(first: 3) { name shipping } }")
    assert [product["shipping"] for product in answer["data"]["products"]] == [None] * 3
    assert [error["path"] for error in answer["errors"]] == [["products", 0, "shipping"]]


async def test_nulls_of_a_failed_join_travel_up(shop: Federation) -> None:
    shop.client.broken["inventory"] = UNREACHABLE
    answer = await shop.run('{ product(upc: "p1") { name inStock } me { name } }')
    assert answer["data"] == {"product": None, "me": {"name": "user 1"}}
    assert [error["path"] for error in answer["errors"]] == [["product", "inStock"]]


async def test_what_needs_a_failed_fetch_is_not_asked_for(shop: Federation) -> None:
    shop.client.broken["catalogue"] = UNREACHABLE
    answer = await shop.run('{ review(id: "r1") { product { shipping } } }')
    assert answer["data"] == {"review": {"product": {"shipping": None}}}
    assert shop.client.called() == ["reviewing", "catalogue"]


async def test_an_error_of_an_entity_has_the_path_of_each_place_it_stands_for() -> None:
    def item(representation: dict[str, Any]) -> Any:
        return ValueError("no such item") if representation["id"] == "2" else {"name": "one"}

    federation = Federation(
        a=Subgraph(
            LINK + 'type Query { list: [X!]! } type X @key(fields: "id") { id: ID! }',
            {"list": [{"id": "1"}, {"id": "2"}, {"id": "2"}]},
        ),
        b=Subgraph(LINK + 'type X @key(fields: "id") { id: ID! name: String }', {}, {"X": item}),
    )
    answer = await federation.run("{ all: list { n: name } }")
    assert answer["data"] == {"all": [{"n": "one"}, {"n": None}, {"n": None}]}
    assert [error["path"] for error in answer["errors"]] == [["all", 1], ["all", 2]]
    assert answer["errors"][0]["message"] == "no such item"


async def test_paths_below_a_field_that_types_select_differently() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { all: [Any!]! } union Any = P | Q type P { to: X } type Q { to: X } "
            "type X { one: Int two: Int }",
            {
                "all": [
                    {"__typename": "P", "to": {"one": 1, "two": 2}},
                    {"__typename": "Q", "to": {"two": GraphQLError("not now")}},
                ]
            },
        )
    )
    answer = await federation.run("{ all { ... on P { to { one } } ... on Q { to { two } } } }")
    assert answer["data"] == {"all": [{"to": {"one": 1}}, {"to": {"two": None}}]}
    assert [error["path"] for error in answer["errors"]] == [["all", 1, "to", "two"]]


async def test_codes_and_paths_of_subgraph_errors_are_kept(shop: Federation) -> None:
    shop.client.broken["accounts"] = {
        "data": {"me": {"name": None}},
        "errors": [{"message": "no", "path": ["me", "name"], "extensions": {"code": "FORBIDDEN"}}],
    }
    answer = await shop.run("{ me { name } }")
    assert answer["data"] == {"me": None}
    assert answer["errors"] == [{"message": "no", "path": ["me", "name"], "extensions": {"code": "FORBIDDEN"}}]


@pytest.mark.parametrize(
    ("policy", "message", "extensions"),
    [
        (ErrorPolicy(), "no", {"code": "FORBIDDEN"}),
        (ErrorPolicy(messages=False), "A subgraph reported an error.", {"code": "FORBIDDEN"}),
        (ErrorPolicy(subgraphs=True), "no", {"code": "FORBIDDEN", "service": "accounts"}),
        (ErrorPolicy(frozenset({"why", "which"})), "no", {"code": "FORBIDDEN", "why": "rule 7"}),
        (ErrorPolicy(frozenset({"*"})), "no", {"code": "FORBIDDEN", "why": "rule 7", "trace": ["x"]}),
    ],
)
async def test_what_is_told_of_errors_is_a_setting(
    shop: Federation, policy: ErrorPolicy, message: str, extensions: dict[str, Any]
) -> None:
    shop.pipeline.error_policy = policy
    given = {"code": "FORBIDDEN", "why": "rule 7", "trace": ["x"]}
    shop.client.broken["accounts"] = {
        "data": {"me": None},
        "errors": [{"message": "no", "path": ["me"], "extensions": given, "locations": [{"line": 1, "column": 3}]}],
    }
    answer = await shop.run("{ me { name } }")
    assert answer["errors"] == [{"message": message, "path": ["me"], "extensions": extensions}]
    shop.client.broken["accounts"] = UNREACHABLE
    answer = await shop.run("{ me { name } }")
    assert ("accounts" in str(answer)) is policy.subgraphs


async def test_errors_are_bounded(shop: Federation) -> None:
    noise = [{"message": f"error {number}", "path": ["me", "name"]} for number in range(5000)]
    shop.client.broken["accounts"] = {"data": {"me": {"name": "x"}}, "errors": noise}
    answer = await shop.run("{ me { name } }")
    assert answer["data"] == {"me": {"name": "x"}}
    assert len(answer["errors"]) == 500
    shop.client.broken["catalogue"] = {"data": {"products": [{"price": "x"}] * 5000}}
    answer = await shop.run("{ products { price } }")
    assert answer["data"] == {"products": [{"price": None}] * 5000}
    assert len(answer["errors"]) == 500


async def test_an_answer_without_data_explains_all_its_fields(shop: Federation) -> None:
    shop.client.broken["accounts"] = {
        "errors": [{"message": "Sign in first.", "extensions": {"code": "UNAUTHENTICATED"}}]
    }
    answer = await shop.run('{ me { name } other: user(id: "1") { id } products(first: 1) { name } }')
    assert answer["data"] == {"me": None, "other": None, "products": [{"name": "product 1"}]}
    assert [(error["path"], error["extensions"]["code"]) for error in answer["errors"]] == [
        (["me"], "UNAUTHENTICATED"),
        (["other"], "UNAUTHENTICATED"),
    ]


@pytest.mark.parametrize(
    ("answer", "path", "code"),
    [
        ([1], ["products"], "SUBREQUEST_MALFORMED_RESPONSE"),
        ({}, ["products"], "SUBREQUEST_MALFORMED_RESPONSE"),
        ({"data": 3}, ["products"], "SUBREQUEST_MALFORMED_RESPONSE"),
        ({"data": None}, ["products"], "SUBREQUEST_MALFORMED_RESPONSE"),
        ({"data": {}}, ["products"], "UNEXPECTED_NULL"),
        ({"data": {"products": None}}, ["products"], "UNEXPECTED_NULL"),
        ({"data": {"products": {"name": "x"}}}, ["products"], "INVALID_VALUE"),
        ({"data": {"products": [None]}}, ["products", 0], "UNEXPECTED_NULL"),
        ({"data": {"products": [7]}}, ["products", 0], "INVALID_VALUE"),
        ({"data": {"products": [{"name": 5}]}}, ["products", 0, "name"], "INVALID_VALUE"),
        ({"data": {"products": [{"name": {"a": 1}}]}}, ["products", 0, "name"], "INVALID_VALUE"),
    ],
)
async def test_nonsense_is_an_error_and_never_an_answer(
    shop: Federation, answer: Any, path: list[Any], code: str
) -> None:
    shop.client.broken["catalogue"] = answer
    result = await shop.run("{ products(first: 1) { name } }")
    assert result["data"] is None
    assert (result["errors"][0]["path"], result["errors"][0]["extensions"]["code"]) == (path, code)
    assert len(result["errors"]) == 1


@pytest.mark.parametrize(
    "answer",
    [{"data": {"_entities": []}}, {"data": {"_entities": {"a": 1}}}, {"data": {"_entities": [{}, {}, {}]}}, [None]],
)
async def test_entities_of_the_wrong_number_or_form(shop: Federation, answer: Any) -> None:
    shop.client.broken["inventory"] = answer
    result = await shop.run("{ products(first: 2) { name shipping } }")
    assert [product["shipping"] for product in result["data"]["products"]] == [None, None]
    assert [error["extensions"]["code"] for error in result["errors"]] == ["SUBREQUEST_MALFORMED_RESPONSE"]


async def test_entities_that_are_no_objects(shop: Federation) -> None:
    shop.client.broken["inventory"] = {"data": {"_entities": [7, None]}}
    result = await shop.run("{ products(first: 2) { name shipping } }")
    assert [product["shipping"] for product in result["data"]["products"]] == [None, None]
    (error,) = result["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["products", 0], "SUBREQUEST_MALFORMED_RESPONSE")


@pytest.mark.parametrize("entities", [[None, None], [{}, {}]])
async def test_entities_that_are_missing_or_empty_are_null(shop: Federation, entities: Any) -> None:
    shop.client.broken["inventory"] = {"data": {"_entities": entities}}
    result = await shop.run("{ products(first: 2) { name shipping } }")
    assert [product["shipping"] for product in result["data"]["products"]] == [None, None]
    assert "errors" not in result


@pytest.mark.parametrize(
    "errors", [["text"], [{"message": 5, "path": "me"}], [{"path": [{"a": 1}]}], [{"message": "m", "extensions": []}]]
)
async def test_errors_of_odd_form(shop: Federation, errors: Any) -> None:
    shop.client.broken["accounts"] = {"data": {"me": {"name": "x"}}, "errors": errors}
    answer = await shop.run("{ me { name } }")
    assert answer["data"] == {"me": {"name": "x"}}
    assert all(isinstance(error["message"], str) for error in answer.get("errors", []))


async def test_enum_values_of_one_subgraph_only_do_not_leak() -> None:
    federation = Federation(
        a=Subgraph(
            LINK + "type Query { level: Level levels: [Level] } enum Level { LOW HIGH SECRET @inaccessible }",
            {"level": "SECRET", "levels": ["LOW", "SECRET"]},
        )
    )
    answer = await federation.run("{ level levels }")
    assert answer["data"] == {"level": None, "levels": ["LOW", None]}
    assert [error["path"] for error in answer["errors"]] == [["level"], ["levels", 1]]
    assert "SECRET" not in str(answer)


async def test_headers_go_to_every_subgraph(shop: Federation) -> None:
    headers = {"authorization": "Bearer t", "x-request-id": "r1"}
    await shop.run("{ products(first: 1) { inStock } me { name } }", headers)
    assert len(shop.client.calls) == 3
    assert all(call.headers == headers for call in shop.client.calls)
