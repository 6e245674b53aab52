"""Rules as clients write them."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import strawberry
from pydantic.alias_generators import to_camel
from strawberry import UNSET

from rapport_customers.customers.model import CustomerKind, CustomerStage
from rapport_customers.needs import inputs as _needs  # noqa: F401 - there the enums get their names in the schema
from rapport_customers.needs.model import NeedKind, NeedStatus
from rapport_customers.rules.errors import InvalidRule
from rapport_customers.rules.reading import PATH
from rapport_shared.graphql.filters import Filter, IdFilter
from rapport_shared.graphql.inputs import optional
from rapport_shared.graphql.scalars import DateTime, serialize_date_time


@strawberry.input(description="A rule's condition on a text; all given operators hold.")
class RuleTextInput:
    """Conditions on texts."""

    eq: str | None = optional("Is exactly this text.")
    in_: list[str] | None = optional("Is one of these texts.", "in")
    is_null: bool | None = optional("Is absent (true) or present (false).")


@strawberry.input(description="A rule's condition on a whole number; all given operators hold.")
class RuleNumberInput:
    """Conditions on numbers."""

    eq: int | None = optional("Is this number.")
    gt: int | None = optional("Is more than this.")
    gte: int | None = optional("Is at least this.")
    lt: int | None = optional("Is less than this.")
    lte: int | None = optional("Is at most this.")


@strawberry.input(description="A rule's condition on a time; all given operators hold.")
class RuleTimeInput:
    """Conditions on times."""

    within_days: int | None = optional("Less than so many days ago.")
    not_for_days: int | None = optional(
        "So many days ago, or longer; where it never was, the record is as old as that."
    )
    after: DateTime | None = optional("After this instant.")
    before: DateTime | None = optional("Before this instant.")
    is_null: bool | None = optional("Never was (true), or was (false).")


@strawberry.input(description="A rule's condition on a sum of orders in one currency; all given operators hold.")
class RuleMoneyInput:
    """Conditions on sums."""

    currency: str = strawberry.field(description="The code of ISO 4217, such as CNY.")
    eq: Decimal | None = optional("Is this amount.")
    gt: Decimal | None = optional("Is more than this.")
    gte: Decimal | None = optional("Is at least this.")
    lt: Decimal | None = optional("Is less than this.")
    lte: Decimal | None = optional("Is at most this.")


@strawberry.input(description="A rule's condition on needs: some need is as all given conditions say.")
class RuleNeedInput:
    """Conditions on needs."""

    kinds: list[NeedKind] | None = optional("Of one of these kinds.")
    statuses: list[NeedStatus] | None = optional("With one of these statuses.")
    is_null: bool | None = optional("There is no need at all (true), or there is one (false).")


@strawberry.input(description="What has to be true of a customer; all given conditions hold.")
class CustomerRuleInput:
    """A rule."""

    and_: list["CustomerRuleInput"] | None = optional("All of these.", "and")
    or_: list["CustomerRuleInput"] | None = optional("One of these.", "or")
    not_: "CustomerRuleInput | None" = optional("Not this.", "not")
    kind: Filter[CustomerKind] | None = optional("A person or a company.")
    stage: Filter[CustomerStage] | None = optional("Where the customer stands.")
    source: RuleTextInput | None = optional("Where the customer came from.")
    industry: RuleTextInput | None = optional("What a company does.")
    owner_id: IdFilter | None = optional("Who looks after the customer.")
    tag_ids: IdFilter | None = optional("One of the customer's tags; for segments only.")
    tier: RuleTextInput | None = optional("The key of the customer's tier; for segments only.")
    created_at: RuleTimeInput | None = optional("When the record was made.")
    order_count: RuleNumberInput | None = optional("How many orders there are.")
    spend: RuleMoneyInput | None = optional("What the orders came to.")
    average_order: RuleMoneyInput | None = optional("What an order came to on average; nothing without orders.")
    days_between_orders: RuleNumberInput | None = optional(
        "How many whole days lie between orders on average: the lower, the more frequent; nothing below two orders."
    )
    first_order_at: RuleTimeInput | None = optional("When the first order was.")
    last_order_at: RuleTimeInput | None = optional("When the last order was.")
    last_interaction_at: RuleTimeInput | None = optional("When somebody last spoke with the customer.")
    open_tasks: RuleNumberInput | None = optional("How many tasks about the customer are neither done nor cancelled.")
    needs: RuleNeedInput | None = optional("What the customer needs.")


def stored_rule(given: CustomerRuleInput) -> dict[str, Any]:
    """The rule in its stored form, unchecked; raises InvalidRule for a condition that is null."""
    stored: dict[str, Any] = _plain(given)
    return stored


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return dict(_members(value))
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return serialize_date_time(value)
    if isinstance(value, Decimal):
        return str(value)
    return value if isinstance(value, bool | int | Mapping) else str(value)


def _members(given: Any) -> Any:
    for field in dataclasses.fields(given):
        value = getattr(given, field.name)
        if value is None:
            raise InvalidRule(f"The condition {field.name.strip('_')} of a rule is null; leave it out.", path=PATH)
        if value is not UNSET:
            yield to_camel(field.name.strip("_")), _plain(value)
