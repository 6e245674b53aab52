"""The inputs of contacts."""

from enum import Enum
from typing import Any, Final

import strawberry
from strawberry import UNSET

from rapport_customers.contacts.model import DecisionRole, Influence, Stance
from rapport_shared.graphql.filters import DateTimeFilter, Filter, IdFilter, StringFilter, condition_of
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, optional
from rapport_shared.graphql.lists import Listing, SortDirection
from rapport_shared.mongo import Order, every

Role = strawberry.enum(DecisionRole, name="DecisionRole", description="The part that a contact has in decisions.")
Weight = strawberry.enum(Influence, name="Influence", description="How much a contact's word counts.")
Side = strawberry.enum(Stance, name="Stance", description="Where a contact stands towards us.")


@strawberry.input(description="A new contact of a customer.")
class CreateContactInput:
    """Fields of createContact."""

    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    name: str = strawberry.field(description="The full name, 1 to 200 characters.")
    title: str | None = optional("The job title.")
    phone: str | None = optional("International (+86 138 …) or Chinese national form; stored as E.164.")
    email: str | None = optional("A mail address.")
    role: DecisionRole | None = optional("The part in the customer's decisions; none, where not given.")
    custom_role: str | None = optional("More of that part, in the customer's words.")
    influence: Influence | None = optional("How much their word counts.")
    stance: Stance | None = optional("Where they stand towards us.")
    reports_to_id: strawberry.ID | None = optional("Whom they report to: a contact of the same customer.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)


@strawberry.input(description="Changes to a contact: what is left out stays, null clears.")
class UpdateContactInput:
    """Fields of updateContact."""

    id: strawberry.ID = strawberry.field(description="The contact.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    name: str | None = optional("The full name, 1 to 200 characters.")
    title: str | None = optional("The job title.")
    phone: str | None = optional("International (+86 138 …) or Chinese national form; stored as E.164.")
    email: str | None = optional("A mail address.")
    role: DecisionRole | None = optional("The part in the customer's decisions.")
    custom_role: str | None = optional("More of that part, in the customer's words.")
    influence: Influence | None = optional("How much their word counts.")
    stance: Stance | None = optional("Where they stand towards us.")
    reports_to_id: strawberry.ID | None = optional("Whom they report to: a contact of the same customer.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A contact to put away.")
class DeleteContactInput:
    """Fields of deleteContact."""

    id: strawberry.ID = strawberry.field(description="The contact.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A deleted contact to bring back.")
class RestoreContactInput:
    """Fields of restoreContact."""

    id: strawberry.ID = strawberry.field(description="The contact.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="Which contacts; all given conditions hold.")
class ContactFilter:
    """Conditions on contacts."""

    and_: list["ContactFilter"] | None = optional("All of these.", "and")
    or_: list["ContactFilter"] | None = optional("One of these.", "or")
    not_: "ContactFilter | None" = optional("Not this.", "not")
    id: IdFilter | None = optional("The contact's id.")
    customer_id: IdFilter | None = optional("The customer.")
    name: StringFilter | None = optional("The name.")
    email: StringFilter | None = optional("The mail address.")
    phone: StringFilter | None = optional("The phone number in E.164.")
    role: Filter[DecisionRole] | None = optional("The part in decisions.")
    stance: Filter[Stance] | None = optional("Where they stand towards us.")
    created_at: DateTimeFilter | None = optional("When the record was made.")
    deleted: bool | None = optional("True for deleted contacts; false where not given.")


@strawberry.enum(description="What contacts can be sorted by.")
class ContactOrderField(Enum):
    """Values are document fields."""

    NAME = strawberry.enum_value("name", description="The name, by code points.")
    CREATED_AT = strawberry.enum_value("created_at", description="When the record was made.")


@strawberry.input(description="One key to sort contacts by.")
class ContactOrder:
    """A sort key."""

    field: ContactOrderField = strawberry.field(description="The key.")
    direction: SortDirection = strawberry.field(default=SortDirection.ASC, description="Which way.")


FIELDS: Final = {
    "id": "_id",
    "customer_id": "customer_id",
    "name": "name",
    "email": "email",
    "phone": "phone",
    "role": "role",
    "stance": "stance",
    "created_at": "created_at",
    "deleted": "deleted",
}


def condition(given: ContactFilter | None, search: str | None) -> dict[str, Any]:
    """The database condition of a list's arguments; a search is for a name or mail address."""
    kept = {"deleted": False} if given is None or given.deleted is UNSET else {}
    if search is None:
        return every(kept, condition_of(given, FIELDS))
    text = StringFilter(contains=search)
    found = [condition_of(ContactFilter(name=text), FIELDS), condition_of(ContactFilter(email=text), FIELDS)]
    return every(kept, condition_of(given, FIELDS), {"$or": found})


LISTING: Final = Listing("contacts", ContactFilter, ContactOrder, condition, (Order("name"),), "by name")
