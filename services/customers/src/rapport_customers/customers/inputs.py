"""The inputs of customers: what they mean as attribute names, database conditions and orders."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_customers.customers.model import CustomerKind, CustomerStage
from rapport_customers.customers.service import search_condition
from rapport_shared.errors import BadInput
from rapport_shared.graphql.arguments import MAX_SEARCH, SortDirection
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.mongo import Order

Kind = strawberry.enum(CustomerKind, name="CustomerKind", description="What a customer is.")
Stage = strawberry.enum(CustomerStage, name="CustomerStage", description="Where a customer stands in its life with us.")

_EXPECTED = "The version that you have seen; the change is refused when the record has another one by now."
_REASON = "Why, for the record."


def optional(description: str) -> Any:
    """An input field that may be left out."""
    return strawberry.field(default=UNSET, description=description)


@strawberry.input(description="A new customer.")
class CreateCustomerInput:
    """Fields of createCustomer."""

    kind: CustomerKind = strawberry.field(description="A person or a company.")
    name: str = strawberry.field(description="The full name, 1 to 200 characters.")
    phone: str | None = optional("International (+86 138 …) or Chinese national form; stored as E.164.")
    email: str | None = optional("A mail address.")
    source: str | None = optional("Where the customer came from, such as WEBSITE or 展会.")
    stage: CustomerStage = strawberry.field(default=CustomerStage.LEAD, description="LEAD where not given.")
    owner_id: strawberry.ID | None = optional("Who looks after the customer: you, where not given; null for nobody.")
    tags: list[str] | None = optional("Short labels.")
    external_id: str | None = optional("The customer's id in another system; unique.")
    idempotency_key: str | None = optional("Repeat a request with the same key, and it is done once.")


@strawberry.input(description="Changes to a customer: what is left out stays, null clears.")
class UpdateCustomerInput:
    """Fields of updateCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(_EXPECTED)
    kind: CustomerKind | None = optional("A person or a company.")
    name: str | None = optional("The full name, 1 to 200 characters.")
    phone: str | None = optional("International (+86 138 …) or Chinese national form; stored as E.164.")
    email: str | None = optional("A mail address.")
    source: str | None = optional("Where the customer came from.")
    stage: CustomerStage | None = optional("Where the customer stands.")
    owner_id: strawberry.ID | None = optional("Who looks after the customer.")
    tags: list[str] | None = optional("Short labels: the whole new list.")
    external_id: str | None = optional("The customer's id in another system; unique.")
    reason: str | None = optional(_REASON)


@strawberry.input(description="A customer to put away.")
class DeleteCustomerInput:
    """Fields of deleteCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(_EXPECTED)
    reason: str | None = optional(_REASON)


@strawberry.input(description="A deleted customer to bring back.")
class RestoreCustomerInput:
    """Fields of restoreCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(_EXPECTED)
    reason: str | None = optional(_REASON)


@strawberry.input(description="Which customers; all given conditions hold.")
class CustomerFilter:
    """Conditions on customers."""

    and_: list["CustomerFilter"] | None = strawberry.field(default=UNSET, name="and", description="All of these.")
    or_: list["CustomerFilter"] | None = strawberry.field(default=UNSET, name="or", description="One of these.")
    not_: "CustomerFilter | None" = strawberry.field(default=UNSET, name="not", description="Not this.")
    id: IdFilter | None = optional("The customer's id.")
    kind: Filter[CustomerKind] | None = optional("A person or a company.")
    name: StringFilter | None = optional("The name.")
    phone: StringFilter | None = optional("The phone number in E.164.")
    email: StringFilter | None = optional("The mail address.")
    source: StringFilter | None = optional("Where the customer came from.")
    stage: Filter[CustomerStage] | None = optional("Where the customer stands.")
    owner_id: IdFilter | None = optional("Who looks after the customer.")
    tags: StringFilter | None = optional("One of the customer's tags.")
    external_id: StringFilter | None = optional("The id in another system.")
    created_at: DateTimeFilter | None = optional("When the record was made.")
    updated_at: DateTimeFilter | None = optional("When the record last changed.")
    deleted: bool | None = optional("True for deleted customers; false where not given.")


@strawberry.input(description="Which live changes: of customers for which all given conditions hold.")
class CustomerChangeFilter:
    """Conditions on the business values that events carry."""

    id: IdFilter | None = optional("The customer's id; eq, in and isNull.")
    owner_id: IdFilter | None = optional("Who looks after the customer.")
    kind: Filter[CustomerKind] | None = optional("A person or a company.")
    stage: Filter[CustomerStage] | None = optional("Where the customer stands.")


@strawberry.enum(description="What customers can be sorted by.")
class CustomerOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")
    UPDATED_AT = strawberry.enum_value("updated_at", description="When the record last changed.")
    STAGE = strawberry.enum_value("stage", description="The stage, by its name.")


@strawberry.input(description="One key to sort customers by.")
class CustomerOrder:
    """A sort key."""

    field: CustomerOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "kind": "kind",
    "name": "name",
    "phone": "phone",
    "email": "email",
    "source": "source",
    "stage": "stage",
    "owner_id": "owner_id",
    "tags": "tags",
    "external_id": "external_id",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "deleted": "deleted",
}
NEWEST_FIRST: Final = (Order("created_at", descending=True),)


def condition(given: CustomerFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; deleted customers only where the filter asks for them."""
    parts = [condition_of(given, FIELDS)]
    if given is None or given.deleted is UNSET:
        parts.append({"deleted": False})
    if search is not None and search.strip():
        if len(search) > MAX_SEARCH:
            raise BadInput(f"A search has at most {MAX_SEARCH} characters.")
        parts.append(search_condition(search))
    return {"$and": [part for part in parts if part]}


def orders(given: list[CustomerOrder] | None) -> tuple[Order, ...]:
    """The sort keys; the newest first where none is given."""
    if not given:
        return NEWEST_FIRST
    return tuple(Order(str(key.field.value), descending=key.direction is SortDirection.DESC) for key in given)


def details(given: CreateCustomerInput | UpdateCustomerInput) -> dict[str, Any]:
    """What an input sets, by attribute name; what it leaves out is absent."""
    apart = {"id", "expected_version", "reason", "idempotency_key"}
    return {name: value for name, value in vars(given).items() if name not in apart and value is not UNSET}
