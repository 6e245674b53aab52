"""Entities over several subgraphs, and how few calls they take."""

import pytest
from gateway.tests.shop import PRODUCTS, REVIEWS, shop
from gateway.tests.subgraph_world import Federation, same_plan


@pytest.fixture(name="shop", scope="module")
def _shop() -> Federation:
    return shop()


async def test_root_fields_of_several_subgraphs_are_fetched_side_by_side(shop: Federation) -> None:
    query = "{ me { name } products(first: 1) { name } }"
    assert await shop.data(query) == {"me": {"name": "user 1"}, "products": [{"name": "product 1"}]}
    same_plan(
        shop.plan(query),
        """
        QueryPlan {
          Parallel {
            Fetch(subgraph: 'accounts') {
              {
                me {
                  name
                }
              }
            }
            Fetch(subgraph: 'catalogue') {
              {
                products(first: 1) {
                  name
                }
              }
            }
          }
        }
        """,
    )


async def test_an_entity_is_completed_by_another_subgraph(shop: Federation) -> None:
    query = '{ product(upc: "p1") { name inStock reviews(first: 1) { body author { name email } } } }'
    data = await shop.data(query)
    key, review = next((key, item) for key, item in REVIEWS.items() if item["product"] == "p1")
    assert data == {
        "product": {
            "name": "product 1",
            "inStock": True,
            "reviews": [
                {
                    "body": f"review {key[1:]}",
                    "author": {"name": f"user {review['author']}", "email": f"u{review['author']}@test"},
                }
            ],
        }
    }
    assert sorted(shop.client.called()) == ["accounts", "catalogue", "inventory", "reviewing"]


@pytest.mark.parametrize("size", [1, 3, 6])
async def test_calls_do_not_grow_with_the_list(shop: Federation, size: int) -> None:
    data = await shop.data(
        "query($n: Int) { products(first: $n) { upc inStock "
        "reviews { id author { email reviews { product { name } } } } } }",
        n=size,
    )
    assert len(data["products"]) == size
    assert sorted(shop.client.called()) == ["accounts", "catalogue", "catalogue", "inventory", "reviewing"]


async def test_each_entity_is_asked_for_once(shop: Federation) -> None:
    data = await shop.data("{ products(first: 6) { reviews { author { email } } } }")
    assert sum(len(product["reviews"]) for product in data["products"]) == len(REVIEWS)
    (accounts,) = (call for call in shop.client.calls if call.subgraph == "accounts")
    sent = accounts.variables["representations"]
    assert len(sent) == len({item["id"] for item in sent}) == 5


async def test_one_entity_at_several_places_takes_one_call(shop: Federation) -> None:
    query = """{
      a: product(upc: "p1") { reviews { author { email } } }
      b: product(upc: "p2") { reviews { author { email } } }
      me { reviews { author { email } } }
    }"""
    await shop.data(query)
    assert sorted(shop.client.called()) == ["accounts", "accounts", "catalogue", "reviewing"]


async def test_a_missing_entity_leaves_its_place_null(shop: Federation) -> None:
    assert await shop.data('{ product(upc: "none") { name inStock } }') == {"product": None}
    assert shop.client.called() == ["catalogue"]


async def test_nothing_is_asked_for_an_empty_list(shop: Federation) -> None:
    assert await shop.data("{ products(first: 0) { inStock } }") == {"products": []}
    assert shop.client.called() == ["catalogue"]


async def test_requires_brings_fields_of_others_first(shop: Federation) -> None:
    query = '{ review(id: "r1") { product { shipping } } }'
    product = PRODUCTS[REVIEWS["r1"]["product"]]
    assert await shop.data(query) == {"review": {"product": {"shipping": product["price"] * 100 + product["weight"]}}}
    same_plan(
        shop.plan(query),
        """
        QueryPlan {
          Sequence {
            Fetch(subgraph: 'reviewing') {
              {
                review(id: "r1") {
                  product {
                    upc
                  }
                }
              }
            }
            Fetch(subgraph: 'catalogue') {
              $representations = Product {upc} at review.product
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Product {
                    price
                    weight
                  }
                }
              }
            }
            Fetch(subgraph: 'inventory') {
              $representations = Product {upc price weight} at review.product
              query ($representations: [_Any!]!) {
                _entities(representations: $representations) {
                  ... on Product {
                    shipping
                  }
                }
              }
            }
          }
        }
        """,
    )


async def test_provides_saves_the_call(shop: Federation) -> None:
    assert await shop.data('{ review(id: "r1") { author { name } } }') == {"review": {"author": {"name": "user 2"}}}
    assert shop.client.called() == ["reviewing"]


async def test_what_was_fetched_for_the_gateway_alone_is_not_answered(shop: Federation) -> None:
    data = await shop.data("{ products(first: 2) { shipping } }")
    assert data == {"products": [{"shipping": 1001}, {"shipping": 2002}]}


async def test_only_the_variables_that_a_fetch_uses_are_sent(shop: Federation) -> None:
    await shop.data(
        "query($n: Int, $m: Int, $u: Boolean) { products(first: $n) { reviews(first: $m) { body(upper: $u) } } }",
        n=1,
        m=1,
        u=True,
    )
    catalogue, reviewing = shop.client.calls
    assert catalogue.variables == {"n": 1}
    assert reviewing.variables == {"m": 1, "u": True, "representations": [{"__typename": "Product", "upc": "p1"}]}
