"""The inputs of customers: what they mean as attribute names, database conditions and orders."""

from dataclasses import replace
from enum import Enum
from functools import partial
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_customers.consents.model import ConsentPurpose
from rapport_customers.custom_fields.conditions import NO_QUERIES, CustomQueries
from rapport_customers.custom_fields.inputs import CustomFilter, CustomValueInput, values_of
from rapport_customers.customers.conditions import INDEXED
from rapport_customers.customers.model import CustomerKind, CustomerPriority, CustomerStage
from rapport_customers.customers.search import search_condition
from rapport_shared.errors import BadInput
from rapport_shared.graphql.filters import (
    DateTimeFilter,
    Field,
    Filter,
    IdFilter,
    IntFilter,
    StringFilter,
    condition_of,
)
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, details, given, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

Kind = strawberry.enum(CustomerKind, name="CustomerKind", description="What a customer is.")
Stage = strawberry.enum(CustomerStage, name="CustomerStage", description="Where a customer stands in its life with us.")

Priority = strawberry.enum(CustomerPriority, name="CustomerPriority", description="How much a customer matters now.")


@strawberry.input(description="A new customer.")
class CreateCustomerInput:
    """Fields of createCustomer."""

    kind: CustomerKind = strawberry.field(description="A person or a company.")
    name: str = strawberry.field(description="The full name, 1 to 200 characters.")
    phone: str | None = optional("International (+86 138 …) or Chinese national form; stored as E.164.")
    email: str | None = optional("A mail address.")
    source: str | None = optional("Where the customer came from, such as WEBSITE or 展会.")
    stage: CustomerStage | None = optional("LEAD where not given.")
    priority: CustomerPriority | None = optional("NORMAL where not given.")
    owner_id: strawberry.ID | None = optional(
        "Who looks after the customer; null for nobody. Where not given, the assignment rules decide, or it is you."
    )
    tags: list[str] | None = optional("Short labels.")
    external_id: str | None = optional("The customer's id in another system; unique.")
    wechat: str | None = optional("Of a person: the WeChat id.")
    industry: str | None = optional("Of a company: what it does.")
    company_size: str | None = optional("Of a company: how large it is, such as 50-99.")
    contact_person: str | None = optional("Of a company: whom one talks to first.")
    custom: list[CustomValueInput] | None = optional("Values of custom fields; fields left out stay as they are.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a customer: what is left out stays, null clears.")
class UpdateCustomerInput:
    """Fields of updateCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    kind: CustomerKind | None = optional("A person or a company.")
    name: str | None = optional("The full name, 1 to 200 characters.")
    phone: str | None = optional("International (+86 138 …) or Chinese national form; stored as E.164.")
    email: str | None = optional("A mail address.")
    source: str | None = optional("Where the customer came from.")
    stage: CustomerStage | None = optional("Where the customer stands; `customerHandling.moves` says what may follow.")
    priority: CustomerPriority | None = optional("How much it matters now; the owner's team is told of HIGH.")
    owner_id: strawberry.ID | None = optional("Who looks after the customer.")
    tags: list[str] | None = optional("Short labels: the whole new list.")
    external_id: str | None = optional("The customer's id in another system; unique.")
    wechat: str | None = optional("Of a person: the WeChat id.")
    industry: str | None = optional("Of a company: what it does.")
    company_size: str | None = optional("Of a company: how large it is, such as 50-99.")
    contact_person: str | None = optional("Of a company: whom one talks to first.")
    custom: list[CustomValueInput] | None = optional("Values of custom fields; fields left out stay as they are.")
    occurred_at: DateTime | None = optional("When it came to be so, where that was earlier than now.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A customer to put away.")
class DeleteCustomerInput:
    """Fields of deleteCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A deleted customer to bring back.")
class RestoreCustomerInput:
    """Fields of restoreCustomer."""

    id: strawberry.ID = strawberry.field(description="The customer.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which customers; all given conditions hold.")
class CustomerFilter:
    """Conditions on customers."""

    and_: list["CustomerFilter"] | None = optional("All of these.", "and")
    or_: list["CustomerFilter"] | None = optional("One of these.", "or")
    not_: "CustomerFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The customer's id.")
    kind: Filter[CustomerKind] | None = optional("A person or a company.")
    name: StringFilter | None = optional("The name.")
    phone: StringFilter | None = optional("The phone number in E.164.")
    email: StringFilter | None = optional("The mail address.")
    source: StringFilter | None = optional("Where the customer came from.")
    stage: Filter[CustomerStage] | None = optional("Where the customer stands.")
    stage_since: DateTimeFilter | None = optional("When it came to its stage.")
    priority: Filter[CustomerPriority] | None = optional("How much it matters now.")
    owner_id: IdFilter | None = optional("Who looks after the customer.")
    tags: StringFilter | None = optional("The name of one of the customer's tags.")
    tag_ids: IdFilter | None = optional("One of the customer's tags.")
    tier: StringFilter | None = optional("The key of the customer's tier.")
    external_id: StringFilter | None = optional("The id in another system.")
    consented_to: Filter[ConsentPurpose] | None = optional("One of the purposes that the customer agrees to.")
    order_count: IntFilter | None = optional("How many orders there are.")
    last_order_at: DateTimeFilter | None = optional("When the last order was.")
    last_interaction_at: DateTimeFilter | None = optional("When somebody last spoke with the customer.")
    open_tasks: IntFilter | None = optional("How many tasks about the customer are neither done nor cancelled.")
    industry: StringFilter | None = optional("What a company does.")
    custom: list[CustomFilter] | None = optional("Custom fields: all of these conditions hold.")
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
    priority: Filter[CustomerPriority] | None = optional("How much it matters now.")


@strawberry.enum(description="What customers can be sorted by.")
class CustomerOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")
    UPDATED_AT = strawberry.enum_value("updated_at", description="When the record last changed.")
    ORDER_COUNT = strawberry.enum_value("facts.order_count", description="How many orders there are.")
    LAST_ORDER_AT = strawberry.enum_value("facts.last_order_at", description="When the last order was.")
    STAGE = strawberry.enum_value("stage", description="The stage, by its name.")
    STAGE_SINCE = strawberry.enum_value("stage_since", description="When it came to its stage.")
    PRIORITY = strawberry.enum_value("priority_rank", description="How much it matters now.")


@strawberry.input(description="One key to sort customers by.")
class CustomerOrder:
    """A sort key."""

    field: CustomerOrderField | None = optional("The key: this, or `custom`.")
    custom: str | None = optional("A custom field that is sortable; QUERY_NEEDS_INDEX where it is not.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


_ABOUT_THE_CHANGE: Final = frozenset({"occurred_at"})
FIELDS: Final = {
    "id": "_id",
    "kind": "kind",
    "name": "name",
    "phone": "phone",
    "email": "email",
    "source": "source",
    "stage": "stage",
    "stage_since": "stage_since",
    "priority": "priority",
    "owner_id": "owner_id",
    "tags": "tag_names",
    "tag_ids": "tag_ids",
    "tier": "tier",
    "external_id": "external_id",
    "industry": "industry",
    "consented_to": "consented",
    "order_count": "facts.order_count",
    "last_order_at": "facts.last_order_at",
    "last_interaction_at": "facts.last_interaction_at",
    "open_tasks": "facts.open_tasks",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "deleted": "deleted",
}
NEWEST_FIRST: Final = (Order("created_at", descending=True),)


async def with_tags(context: Any, condition: dict[str, Any]) -> dict[str, Any]:
    """The condition, with tags by their ids where it has their names."""
    completed: dict[str, Any] = await context.tags.by_names(condition)
    return completed


def customer_details(of: object) -> dict[str, Any]:
    """What an input sets, as the use cases take it: custom values by key."""
    found = details(of, apart=_ABOUT_THE_CHANGE)
    return {**found, "custom": values_of(found["custom"] or [])} if "custom" in found else found


def condition(given: CustomerFilter | None, search: str | None, queries: CustomQueries = NO_QUERIES) -> dict[str, Any]:
    """The database condition of a list's arguments; deleted customers only where the filter asks for them.

    ``queries`` knows the custom fields.
    """
    kept = {"deleted": False} if given is None or given.deleted is UNSET else {}
    fields: dict[str, Field] = {**FIELDS, **INDEXED, "custom": queries.condition}
    return every(kept, condition_of(given, fields), search_condition(search) if search else {})


def key_orders(key: CustomerOrder, queries: CustomQueries = NO_QUERIES) -> tuple[Order, ...]:
    """What one sort key goes by."""
    by_field, custom = given(key.field), given(key.custom)
    if (by_field is None) == (custom is None):
        raise BadInput("A sort key names a field, or a custom field.")
    descending = key.direction is SortDirection.DESC
    if custom is not None:
        return queries.orders(custom, descending=descending)
    return (Order(str(getattr(by_field, "value", by_field)), descending),)


async def _as_of_now(context: Any) -> Listing:
    """The listing with the custom fields that there are."""
    queries = CustomQueries(await context.custom_fields.definitions())
    return replace(
        LISTING, condition=partial(condition, queries=queries), key_orders=partial(key_orders, queries=queries)
    )


LISTING: Final = Listing(
    "customers",
    CustomerFilter,
    CustomerOrder,
    condition,
    NEWEST_FIRST,
    "the newest first",
    completed=with_tags,
    key_orders=key_orders,
    bound=_as_of_now,
)
