"""Aliases, arguments, fragments, conditions, `__typename`: the answer has the shape of the question."""

from typing import Any

import pytest
from gateway.tests.shop import shop
from gateway.tests.subgraph_world import Federation

from rapport_gateway.errors import RequestRefused


@pytest.fixture(name="shop", scope="module")
def _shop() -> Federation:
    return shop()


async def test_aliases_with_other_arguments_stay_apart(shop: Federation) -> None:
    data = await shop.data(
        """{ product(upc: "p1") {
          all: reviews { id } first: reviews(first: 1) { id loud: body(upper: true) body }
        } }"""
    )
    assert len(data["product"]["all"]) == 2
    assert data["product"]["first"] == [{"id": "r6", "loud": "REVIEW 6", "body": "review 6"}]


async def test_an_alias_may_bear_the_name_of_a_key(shop: Federation) -> None:
    data = await shop.data('{ product(upc: "p1") { upc: name reviews { id: body author { id: name email } } } }')
    assert data["product"]["upc"] == "product 1"
    assert data["product"]["reviews"][0]["id"] == "review 6"
    assert data["product"]["reviews"][0]["author"] == {"id": "user 2", "email": "u2@test"}


async def test_fields_come_in_the_order_of_the_query(shop: Federation) -> None:
    data = await shop.data('{ product(upc: "p1") { inStock name reviews { id } price upc } }')
    assert list(data["product"]) == ["inStock", "name", "reviews", "price", "upc"]


async def test_fragments_are_merged(shop: Federation) -> None:
    data = await shop.data(
        """
        { product(upc: "p1") { ...A ... on Product { size { w } } ...B } }
        fragment A on Product { size { h } ...C }
        fragment B on Product { inStock ...C }
        fragment C on Product { name }
        """
    )
    assert data == {"product": {"size": {"h": 2, "w": 1}, "name": "product 1", "inStock": True}}


@pytest.mark.parametrize(("with_stock", "calls"), [(True, ["catalogue", "inventory"]), (False, ["catalogue"])])
async def test_conditions_decide_what_is_fetched(shop: Federation, with_stock: bool, calls: list[str]) -> None:
    query = "query($s: Boolean!) { products(first: 1) { name inStock @include(if: $s) weight @skip(if: $s) } }"
    data = await shop.data(query, s=with_stock)
    expected = {"name": "product 1", "inStock": True} if with_stock else {"name": "product 1", "weight": 1}
    assert data == {"products": [expected]}
    assert shop.client.called() == calls


async def test_a_condition_has_its_default(shop: Federation) -> None:
    query = (
        "query($s: Boolean = true) { me { name @skip(if: $s) email ...F @include(if: $s) } } fragment F on User { id }"
    )
    assert await shop.data(query) == {"me": {"email": "u1@test", "id": "1"}}
    assert await shop.data(query, s=False) == {"me": {"name": "user 1", "email": "u1@test"}}


async def test_everything_skipped_leaves_empty_objects(shop: Federation) -> None:
    assert await shop.data("{ me { name @skip(if: true) } }") == {"me": {}}
    assert await shop.data("{ me @skip(if: true) { name } }") == {}
    assert shop.client.called() == []


async def test_typename_anywhere(shop: Federation) -> None:
    data = await shop.data(
        "{ __typename t: __typename me { __typename reviews { kind: __typename product { __typename } } } }"
    )
    assert data["__typename"] == data["t"] == "Query"
    assert data["me"]["__typename"] == "User"
    assert data["me"]["reviews"][0] == {"kind": "Review", "product": {"__typename": "Product"}}


async def test_introspection_is_answered_by_the_gateway(shop: Federation) -> None:
    data = await shop.data(
        """query($n: String!) {
          a: __type(name: $n) { ...T } __schema { queryType { name } } me { name } b: __type(name: "_Any") { name }
        } fragment T on __Type { name fields { name } }""",
        n="Size",
    )
    assert data["a"] == {"name": "Size", "fields": [{"name": "w"}, {"name": "h"}]}
    assert data["__schema"] == {"queryType": {"name": "Query"}}
    assert data["b"] is None
    assert list(data) == ["a", "__schema", "me", "b"]
    assert shop.client.called() == ["accounts"]


@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("{ me { name }", {}, "GRAPHQL_PARSE_FAILED"),
        ("{ me { nope } }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("fragment F on User { id }", {}, "GRAPHQL_VALIDATION_FAILED"),
        ("query A { me { id } } query B { me { id } }", {}, "OPERATION_RESOLUTION_FAILURE"),
        ("query($n: Int!) { products(first: $n) { upc } }", {}, "BAD_USER_INPUT"),
        ("query($n: Int!) { products(first: $n) { upc } }", {"n": "many"}, "BAD_USER_INPUT"),
    ],
)
async def test_bad_requests_are_refused(shop: Federation, query: str, variables: dict[str, Any], code: str) -> None:
    with pytest.raises(RequestRefused) as refused:
        await shop.run(query, **variables)
    assert refused.value.errors[0]["extensions"]["code"] == code
    assert shop.client.called() == []


async def test_every_validation_error_is_told(shop: Federation) -> None:
    with pytest.raises(RequestRefused) as refused:
        await shop.run("{ nope me { nope } }")
    assert len(refused.value.errors) == 2


async def test_a_plan_is_kept(shop: Federation) -> None:
    request_text = "query Kept { me { name email } }"
    await shop.run(request_text)
    first = shop.pipeline._operations.get((request_text, None))
    await shop.run(request_text)
    assert first is not None
    assert first is shop.pipeline._operations.get((request_text, None))
    assert len(first.plans) == 1


@pytest.mark.parametrize("depth", [60, 400, 3000])
async def test_deep_operations_are_answered_or_refused(shop: Federation, depth: int) -> None:
    query = "{ me { " + "reviews { author { " * depth + "id" + " } }" * depth + " } }"
    shop.client.broken["reviewing"] = {"data": {"_entities": [{"reviews": []}]}}
    try:
        answer = await shop.run(query)
    except RequestRefused as refused:
        answer = {"code": refused.errors[0]["extensions"]["code"]}
    finally:
        shop.client.broken.clear()
    assert answer in (
        {"data": {"me": {"reviews": []}}},
        {"code": "GRAPHQL_PARSE_FAILED"},
        {"code": "OPERATION_TOO_LARGE"},
    )
    assert depth > 60 or "data" in answer


async def test_an_operation_with_too_many_fields_is_refused(shop: Federation) -> None:
    levels = "\n".join(
        f"fragment F{n} on User {{ "
        f"a{n}: reviews {{ author {{ ...F{n + 1} }} }} b{n}: reviews {{ author {{ ...F{n + 1} }} }} }}"
        for n in range(20)
    )
    with pytest.raises(RequestRefused) as refused:
        await shop.run("{ me { ...F0 } }\n" + levels + "\nfragment F20 on User { id }")
    assert refused.value.errors[0]["extensions"]["code"] == "OPERATION_TOO_LARGE"
