"""A small shop of four subgraphs that most execution tests use."""

from __future__ import annotations

from typing import Any

from gateway.tests.subgraph_world import LINK, Federation, Subgraph

USERS = {str(n): {"id": str(n), "name": f"user {n}", "email": f"u{n}@test"} for n in range(1, 6)}
PRODUCTS: dict[str, dict[str, Any]] = {
    f"p{n}": {"upc": f"p{n}", "name": f"product {n}", "price": n * 10, "weight": n, "size": {"w": n, "h": 2 * n}}
    for n in range(1, 7)
}
REVIEWS = {
    f"r{n}": {"id": f"r{n}", "body": f"review {n}", "product": f"p{(n % 6) + 1}", "author": str((n % 5) + 1)}
    for n in range(1, 13)
}

ACCOUNTS = """
type Query { me: User  user(id: ID!): User  users: [User!]! }
type Mutation { renameUser(id: ID!, name: String!): User }
type User @key(fields: "id") @key(fields: "email") { id: ID! email: String! name: String! @shareable }
"""
CATALOGUE = """
type Query { product(upc: String!): Product  products(first: Int = 3): [Product!]! }
type Mutation { discount(upc: String!): Product }
type Product @key(fields: "upc") { upc: String! name: String! price: Int weight: Int size: Size @shareable }
type Size @shareable { w: Int! h: Int! }
"""
INVENTORY = """
type Product @key(fields: "upc") {
  upc: String!
  price: Int @external
  weight: Int @external
  inStock: Boolean!
  shipping: Int @requires(fields: "price weight")
}
"""
REVIEWING = """
type Query { review(id: ID!): Review }
type Review @key(fields: "id") {
  id: ID!
  body(upper: Boolean = false): String!
  product: Product!
  author: User @provides(fields: "name")
}
type Product @key(fields: "upc") { upc: String! reviews(first: Int): [Review!]! }
type User @key(fields: "id") { id: ID! name: String! @external reviews: [Review!]! }
"""


def _review(key: str) -> dict[str, Any]:
    review = REVIEWS[key]

    def body(upper: bool = False) -> str:
        return review["body"].upper() if upper else review["body"]

    return {
        "__typename": "Review",
        "id": key,
        "body": body,
        "product": lambda: _reviewed(review["product"]),
        "author": lambda: {**_author(review["author"]), "name": USERS[review["author"]]["name"]},
    }


def _reviewed(upc: str) -> dict[str, Any]:
    def reviews(first: int | None = None) -> list[Any]:
        return [_review(key) for key, review in REVIEWS.items() if review["product"] == upc][:first]

    return {"__typename": "Product", "upc": upc, "reviews": reviews}


def _author(user: str) -> dict[str, Any]:
    own = [key for key, review in REVIEWS.items() if review["author"] == user]
    return {"__typename": "User", "id": user, "reviews": lambda: [_review(key) for key in own]}


def _stock(representation: dict[str, Any]) -> dict[str, Any]:
    def shipping() -> int | None:
        price, weight = representation["price"], representation["weight"]
        return None if price is None else price * 100 + weight

    return {"upc": representation["upc"], "inStock": representation["upc"] != "p2", "shipping": shipping}


def _user(representation: dict[str, Any]) -> dict[str, Any] | None:
    if "id" in representation:
        return USERS.get(representation["id"])
    return next((user for user in USERS.values() if user["email"] == representation["email"]), None)


def shop() -> Federation:
    accounts = Subgraph(
        LINK + ACCOUNTS,
        {
            "me": USERS["1"],
            "user": lambda **key: USERS.get(key["id"]),
            "users": list(USERS.values()),
            "renameUser": lambda id, name: {**USERS[id], "name": name},
        },
        {"User": _user},
    )
    catalogue = Subgraph(
        LINK + CATALOGUE,
        {
            "product": lambda **key: PRODUCTS.get(key["upc"]),
            "products": lambda first: list(PRODUCTS.values())[:first],
            "discount": lambda upc: {**PRODUCTS[upc], "price": 9},
        },
        {"Product": lambda representation: PRODUCTS.get(representation["upc"])},
    )
    inventory = Subgraph(LINK + INVENTORY, {}, {"Product": _stock})
    reviewing = Subgraph(
        LINK + REVIEWING,
        {"review": lambda id: _review(id) if id in REVIEWS else None},
        {
            "Review": lambda representation: _review(representation["id"]),
            "Product": lambda representation: _reviewed(representation["upc"]),
            "User": lambda representation: _author(representation["id"]),
        },
    )
    return Federation(accounts=accounts, catalogue=catalogue, inventory=inventory, reviewing=reviewing)
