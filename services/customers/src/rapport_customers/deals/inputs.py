"""The inputs of deals: what they mean as attribute names, database conditions and orders."""

from decimal import Decimal
from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_customers.contacts.model import DecisionRole
from rapport_customers.deals.lines import Line
from rapport_customers.deals.model import ChainLink, DealStatus
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, given, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.graphql.money import AmountFilter, MoneyInput
from rapport_shared.graphql.scalars import DateTime
from rapport_shared.mongo import Order, every

Status = strawberry.enum(DealStatus, name="DealStatus", description="Whether a deal is decided.")


@strawberry.input(description="What, how many, at which price.")
class LineInput:
    """A line of a deal or an order."""

    product_id: strawberry.ID | None = optional("The product, where it is one of the catalogue.")
    name: str = strawberry.field(description="What it is called.")
    quantity: Decimal = strawberry.field(description="How many: more than 0, at most four decimals.")
    unit_price: MoneyInput = strawberry.field(description="What one of it costs.")

    def to_model(self) -> Line:
        """As the model knows it; raises InvalidAmount."""
        return Line(
            product_id=given(self.product_id),
            name=self.name,
            quantity=self.quantity,
            unit_price=self.unit_price.to_model("lines"),
        )


@strawberry.input(description="The part that a contact has in the decision on a deal.")
class DealChainInput:
    """A link of a deal's decision chain."""

    contact_id: strawberry.ID = strawberry.field(description="One of the customer's contacts.")
    role: DecisionRole = strawberry.field(description="The part.")


@strawberry.input(description="A new deal.")
class CreateDealInput:
    """Fields of createDeal."""

    customer_id: strawberry.ID = strawberry.field(description="Whom it may be sold to.")
    name: str = strawberry.field(description="What it is about, 1 to 200 characters.")
    pipeline_id: strawberry.ID | None = optional("Its pipeline: the oldest, where not given.")
    stage: str | None = optional("The key of its stage: the first open one, where not given.")
    amount: MoneyInput | None = optional("What it is worth: the sum of its lines, where not given.")
    lines: list[LineInput] | None = optional("What may be sold.")
    expected_close_at: DateTime | None = optional("When it may be decided.")
    source: str | None = optional("Where it came from.")
    decision_chain: list[DealChainInput] | None = optional("Who decides on it; the customer's chain, where not given.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a deal: what is left out stays, null clears.")
class UpdateDealInput:
    """Fields of updateDeal."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("What it is about, 1 to 200 characters.")
    amount: MoneyInput | None = optional("What it is worth.")
    lines: list[LineInput] | None = optional("The whole new list; the amount follows, where it is not given.")
    expected_close_at: DateTime | None = optional("When it may be decided.")
    source: str | None = optional("Where it came from.")
    decision_chain: list[DealChainInput] | None = optional("The whole new chain; null: the customer's.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A deal that goes to another stage.")
class MoveDealInput:
    """Fields of moveDeal."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    stage: str = strawberry.field(description="The key of a stage of its pipeline.")
    reason: str | None = optional("Why: needed where the deal is lost, or taken up again.")


@strawberry.input(description="A deal to put away.")
class DeleteDealInput:
    """Fields of deleteDeal."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A deleted deal to bring back.")
class RestoreDealInput:
    """Fields of restoreDeal."""

    id: strawberry.ID = strawberry.field(description="The deal.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which deals; all given conditions hold.")
class DealFilter:
    """Conditions on deals."""

    and_: list["DealFilter"] | None = optional("All of these.", "and")
    or_: list["DealFilter"] | None = optional("One of these.", "or")
    not_: "DealFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The deal's id.")
    customer_id: IdFilter | None = optional("Whom it may be sold to.")
    name: StringFilter | None = optional("What it is about.")
    pipeline_id: IdFilter | None = optional("Its pipeline.")
    stage: StringFilter | None = optional("The key of its stage.")
    status: Filter[DealStatus] | None = optional("Whether it is decided.")
    amount: AmountFilter | None = optional("What it is worth.")
    expected_close_at: DateTimeFilter | None = optional("When it may be decided.")
    closed_at: DateTimeFilter | None = optional("When it was decided.")
    created_at: DateTimeFilter | None = optional("When the record was made.")
    deleted: bool | None = optional("True for deleted deals; false where not given.")


@strawberry.input(description="Which live changes: of deals for which all given conditions hold.")
class DealChangeFilter:
    """Conditions on the business values that events carry."""

    id: IdFilter | None = optional("The deal's id; eq, in and isNull.")
    customer_id: IdFilter | None = optional("Whom it may be sold to.")
    pipeline_id: IdFilter | None = optional("Its pipeline.")
    status: Filter[DealStatus] | None = optional("Whether it is decided.")


@strawberry.enum(description="What deals can be sorted by.")
class DealOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="What it is about, by code points.")
    AMOUNT = strawberry.enum_value("amount.amount", description="What it is worth, whatever the currency.")
    EXPECTED_CLOSE_AT = strawberry.enum_value("expected_close_at", description="When it may be decided.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort deals by.")
class DealOrder:
    """A sort key."""

    field: DealOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "customer_id": "customer_id",
    "name": "name",
    "pipeline_id": "pipeline_id",
    "stage": "stage",
    "status": "status",
    "amount": "amount.amount",
    "expected_close_at": "expected_close_at",
    "closed_at": "closed_at",
    "created_at": "created_at",
    "deleted": "deleted",
}


def condition(given: DealFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; deleted deals only where the filter asks for them."""
    kept = {"deleted": False} if given is None or given.deleted is UNSET else {}
    named = {} if search is None else condition_of(DealFilter(name=StringFilter(contains=search)), FIELDS)
    return every(kept, condition_of(given, FIELDS), named)


LISTING: Final = Listing(
    "deals", DealFilter, DealOrder, condition, (Order("created_at", descending=True),), "the newest first"
)


def modelled(details: dict[str, Any]) -> dict[str, Any]:
    """The details with amount, lines and decision chain as the model knows them; raises InvalidAmount."""
    amount: MoneyInput | None = details.get("amount")
    lines: list[LineInput] | None = details.get("lines")
    if amount is not None:
        details["amount"] = amount.to_model("amount")
    if lines is not None:
        details["lines"] = [line.to_model() for line in lines]
    chain: list[DealChainInput] | None = details.get("decision_chain")
    if chain is not None:
        details["decision_chain"] = [ChainLink(contact_id=str(link.contact_id), role=link.role) for link in chain]
    return details
