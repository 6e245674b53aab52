"""The inputs of custom fields, of their values, and of lists that go by them."""

from datetime import date
from typing import Any

import strawberry
from strawberry import UNSET
from strawberry.scalars import JSON

from rapport_customers.custom_fields.errors import InvalidCustomValue
from rapport_customers.custom_fields.values import CustomFieldType, Option
from rapport_shared.graphql.inputs import EXPECTED_VERSION, IDEMPOTENCY_KEY, REASON, details, optional

strawberry.enum(CustomFieldType, name="CustomFieldType", description="What a custom field holds.")
_SHAPES = (
    "a text; a number; a day such as 2026-03-01; an option's value; a list of these (MULTI); an id (REFERENCE); "
    "`{amount, currency}` (MONEY)"
)


@strawberry.input(description="One of the values that a SELECT or MULTI field can have.")
class CustomFieldOptionInput:
    """An option as given."""

    value: str = strawberry.field(description="What is stored; unique within the field, without ; 、 and |.")
    label: str | None = optional("What people read: the value, where not given.")


@strawberry.input(description="A field that records of a type are to have from now on.")
class DefineCustomFieldInput:
    """Fields of defineCustomField."""

    key: str = strawberry.field(description="Its name for programs, in camelCase; for good, and never used again.")
    type: CustomFieldType = strawberry.field(description="What it holds; for good.")
    label: str = strawberry.field(description="What people call it.")
    applies_to: str = strawberry.field(default="Customer", description="The type whose records have it: Customer.")
    description: str | None = optional("What it is for.")
    required: bool | None = optional("Whether every new record has to have a value, which is never cleared.")
    unique: bool | None = optional("Whether no two records have the same value (TEXT, NUMBER, REFERENCE); for good.")
    sortable: bool | None = optional("Whether lists can be sorted by it: an index is built for that.")
    options: list[CustomFieldOptionInput] | None = optional("What a SELECT or MULTI field can hold.")
    minimum: float | None = optional("The least NUMBER, or amount of MONEY.")
    maximum: float | None = optional("The greatest NUMBER, or amount of MONEY.")
    earliest: date | None = optional("The first DATE.")
    latest: date | None = optional("The last DATE.")
    min_length: int | None = optional("How many characters a TEXT has at least.")
    max_length: int | None = optional("How many characters a TEXT has at most, up to 4000.")
    pattern: str | None = optional("A regular expression of RE2 that a whole TEXT matches.")
    references: str | None = optional("The type that a REFERENCE names: Customer, User or Product.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)
    reason: str | None = optional(REASON)


@strawberry.input(description="Changes to a custom field: what is left out stays, null clears.")
class UpdateCustomFieldInput:
    """Fields of updateCustomField."""

    id: strawberry.ID = strawberry.field(description="The custom field.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    label: str | None = optional("What people call it.")
    description: str | None = optional("What it is for.")
    required: bool | None = optional("Whether every new record has to have a value, which is never cleared.")
    sortable: bool | None = optional("Whether lists can be sorted by it.")
    options: list[CustomFieldOptionInput] | None = optional("The whole new list; stored values that lack in it stay.")
    minimum: float | None = optional("The least NUMBER, or amount of MONEY.")
    maximum: float | None = optional("The greatest NUMBER, or amount of MONEY.")
    earliest: date | None = optional("The first DATE.")
    latest: date | None = optional("The last DATE.")
    min_length: int | None = optional("How many characters a TEXT has at least.")
    max_length: int | None = optional("How many characters a TEXT has at most, up to 4000.")
    pattern: str | None = optional("A regular expression of RE2 that a whole TEXT matches.")
    reason: str | None = optional(REASON)


@strawberry.input(description="A custom field to delete.")
class DeleteCustomFieldInput:
    """Fields of deleteCustomField."""

    id: strawberry.ID = strawberry.field(description="The custom field.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="A deleted custom field to bring back.")
class RestoreCustomFieldInput:
    """Fields of restoreCustomField."""

    id: strawberry.ID = strawberry.field(description="The custom field.")
    expected_version: int | None = optional(EXPECTED_VERSION)
    reason: str | None = optional(REASON)


@strawberry.input(description="The value of a custom field.")
class CustomValueInput:
    """A value as given."""

    key: str = strawberry.field(description="The field.")
    value: JSON | None = strawberry.field(
        default=None, description=f"Null clears; else by the field's type: {_SHAPES}."
    )


@strawberry.input(description="A condition on a custom field; all given operators hold.")
class CustomFilter:
    """Conditions on one field; each is answered from an index, or refused with QUERY_NEEDS_INDEX."""

    key: str = strawberry.field(description="The field.")
    eq: JSON | None = optional(f"Is this value (MULTI: has all of these), by the field's type: {_SHAPES}.")
    in_: list[JSON] | None = optional("Is one of these values; none for an empty list.", "in")
    gt: JSON | None = optional("Is more, or later (NUMBER, DATE; MONEY in the same currency).")
    gte: JSON | None = optional("Is this, more or later.")
    lt: JSON | None = optional("Is less, or earlier.")
    lte: JSON | None = optional("Is this, less or earlier.")
    contains: str | None = optional("A TEXT has a word that begins so, or has this Chinese text; of each given word.")
    is_null: bool | None = optional("False: has a value. True is refused: no index says who has none.")


def definition(of: DefineCustomFieldInput | UpdateCustomFieldInput) -> dict[str, Any]:
    """What an input says, as the model takes it."""
    found = details(of)
    if found.get("options") is not None:
        found["options"] = tuple(
            Option(option.value, option.value if option.label in (None, UNSET) else str(option.label))
            for option in found["options"]
        )
    return found


def values_of(given: list[CustomValueInput]) -> dict[str, Any]:
    """The values by key. Raises InvalidCustomValue for a key that is named twice."""
    found: dict[str, Any] = {}
    for entry in given:
        if entry.key in found:
            raise InvalidCustomValue(f"{entry.key[:60]} is named twice.", path=("input", "custom"))
        found[entry.key] = entry.value
    return found
