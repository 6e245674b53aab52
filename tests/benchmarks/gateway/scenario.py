"""What is measured: four subgraphs of a shop, and two queries over them.

    python -m tests.benchmarks.gateway.scenario PORT

serves the subgraphs under /accounts, /inventory, /products and /reviews. It is the scenario that comparisons of
gateways have in common: users and products with reviews, whose authors have reviews of products, and so on.
"""

from __future__ import annotations

import sys
from typing import Any

from aiohttp import web
from gateway.tests.subgraph_world import InProcessClient, Subgraph

from rapport_gateway.subgraphs.client import SubgraphRequest

SIMPLE = "{ topProducts { upc name price weight } }"
FEDERATED = """
query Shop {
  users { ...User reviews { ...Review product { ...Product reviews { ...Review author { ...Author } } } } }
  topProducts { ...Product reviews { ...Review author { ...Author } } }
}
fragment Author on User { ...User reviews { ...Review product { ...Product } } }
fragment User on User { id username name }
fragment Review on Review { id body }
fragment Product on Product { inStock name price shippingEstimate upc weight }
"""
QUERIES = {"simple": SIMPLE, "federated": FEDERATED}

_PEOPLE = ("ada", "bo", "chen", "dilnoza", "emeka", "fang")
_GOODS = (
    ("Table", 899, 100),
    ("Couch", 1299, 1000),
    ("Glass", 15, 20),
    ("Chair", 499, 100),
    ("Screen", 1299, 1000),
    ("Lamp", 6999, 300),
    ("Grill", 3999, 2000),
    ("Fridge", 100000, 6000),
    ("Sofa", 9999, 800),
)
_USERS = {
    str(number): {"id": str(number), "username": name, "name": f"{name.title()} Example", "birthday": 1234567890}
    for number, name in enumerate(_PEOPLE, start=1)
}
_PRODUCTS = {
    str(number): {"upc": str(number), "name": name, "price": price, "weight": weight}
    for number, (name, price, weight) in enumerate(_GOODS, start=1)
}
_PRODUCT_OF_REVIEW = ("1", "1", "1", "1", "2", "2", "3", "3", "4", "4", "5")
_SENTENCE = "It came on a Tuesday, looked as it does in the picture, and has been in use every day since. "


def _user_with_reviews(user_id: str) -> dict[str, Any]:
    return {"id": user_id, "username": _USERS[user_id]["username"], "reviews": lambda: _reviews()[:2]}


def _product_with_reviews(upc: str) -> dict[str, Any]:
    return {"upc": upc, "reviews": lambda: [review for review in _reviews() if review["upc"] == upc]}


def _reviews() -> list[dict[str, Any]]:
    return [
        {
            "id": str(number),
            "body": f"Review {number}. " + _SENTENCE * (2 + number % 3),
            "upc": upc,
            "product": lambda upc=upc: _product_with_reviews(upc),
            "author": lambda: _user_with_reviews("1"),
        }
        for number, upc in enumerate(_PRODUCT_OF_REVIEW, start=1)
    ]


def _stock(product: dict[str, Any]) -> dict[str, Any]:
    is_heavy = (product.get("price") or 0) > 1000
    return {
        "upc": product["upc"],
        "inStock": int(product["upc"]) % 3 != 0,
        "shippingEstimate": 0 if is_heavy else (product.get("weight") or 0) // 2,
    }


SUBGRAPHS = {
    "accounts": Subgraph(
        """
        type Query { me: User user(id: ID!): User users: [User] }
        type User @key(fields: "id") { id: ID! name: String username: String @shareable birthday: Int }
        """,
        {"me": _USERS["1"], "users": list(_USERS.values()), "user": lambda **arguments: _USERS.get(arguments["id"])},
        {"User": lambda user: _USERS[user["id"]]},
    ),
    "inventory": Subgraph(
        """
        type Product @key(fields: "upc") {
          upc: String!
          weight: Int @external
          price: Int @external
          inStock: Boolean
          shippingEstimate: Int @requires(fields: "price weight")
        }
        """,
        {},
        {"Product": _stock},
    ),
    "products": Subgraph(
        """
        type Query { topProducts(first: Int = 5): [Product] }
        type Product @key(fields: "upc") { upc: String! name: String price: Int weight: Int }
        """,
        {"topProducts": lambda first: list(_PRODUCTS.values())[:first]},
        {"Product": lambda product: _PRODUCTS[product["upc"]]},
    ),
    "reviews": Subgraph(
        """
        type Review @key(fields: "id") {
          id: ID! body: String product: Product author: User @provides(fields: "username")
        }
        type User @key(fields: "id") { id: ID! username: String @external reviews: [Review] }
        type Product @key(fields: "upc") { upc: String! reviews: [Review] }
        """,
        {},
        {
            "Review": lambda review: _reviews()[int(review["id"]) - 1],
            "User": lambda user: _user_with_reviews(user["id"]),
            "Product": lambda product: _product_with_reviews(product["upc"]),
        },
    ),
}


def main() -> None:
    client = InProcessClient(SUBGRAPHS)

    async def answer(request: web.Request) -> web.Response:
        body = await request.json()
        asked = SubgraphRequest(
            request.match_info["name"], "query", body["query"], body.get("variables") or {}, headers={}
        )
        found = await client.execute(asked)
        return web.json_response({"data": found.data} | ({"errors": found.errors} if found.errors else {}))

    application = web.Application()
    application.router.add_post("/{name}", answer)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
