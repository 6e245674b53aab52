"""The inputs of products."""

from enum import Enum
from typing import Any, Final

import strawberry

from rapport_shared.graphql.filters import IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.money import AmountFilter, MoneyInput
from rapport_shared.mongo import Order, every


@strawberry.input(description="A new product.")
class CreateProductInput:
    """Fields of createProduct."""

    code: str = strawberry.field(description="Its number or code; unique.")
    name: str = strawberry.field(description="Its name.")
    category: str | None = optional("What kind of product it is.")
    unit_price: MoneyInput | None = optional("What one of it usually costs.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a product: what is left out stays, null clears.")
class UpdateProductInput:
    """Fields of updateProduct."""

    id: strawberry.ID = strawberry.field(description="The product.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    code: str | None = optional("Its number or code; unique.")
    name: str | None = optional("Its name.")
    category: str | None = optional("What kind of product it is.")
    unit_price: MoneyInput | None = optional("What one of it usually costs.")
    active: bool | None = optional("Whether it is sold.")
    reason: str | None = optional(REASON)


@strawberry.input(description="Which products; all given conditions hold.")
class ProductFilter:
    """Conditions on products."""

    id: IdFilter | None = optional("The product's id.")
    code: StringFilter | None = optional("The code.")
    name: StringFilter | None = optional("The name.")
    category: StringFilter | None = optional("The kind of product.")
    unit_price: AmountFilter | None = optional("What one of it usually costs.")
    active: bool | None = optional("Whether it is sold.")


@strawberry.enum(description="What products can be sorted by.")
class ProductOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CODE = strawberry.enum_value("code", description="The code, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort products by.")
class ProductOrder:
    """A sort key."""

    field: ProductOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "code": "code",
    "name": "name",
    "category": "category",
    "unit_price": "unit_price.amount",
    "active": "active",
}


def condition(given: ProductFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a name or code."""
    if search is None:
        return condition_of(given, FIELDS)
    text = StringFilter(contains=search)
    found = [condition_of(ProductFilter(name=text), FIELDS), condition_of(ProductFilter(code=text), FIELDS)]
    return every(condition_of(given, FIELDS), {"$or": found})


LISTING: Final = Listing("products", ProductFilter, ProductOrder, condition, (Order("name"),), "by name")


def priced(details: dict[str, Any]) -> dict[str, Any]:
    """The details with the price as the model knows it."""
    price: MoneyInput | None = details.get("unit_price")
    return details if price is None else {**details, "unit_price": price.to_model("unitPrice")}
