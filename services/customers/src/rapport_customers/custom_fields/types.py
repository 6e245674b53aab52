"""The values of custom fields in GraphQL: what they add to a customer."""

from collections.abc import Mapping
from datetime import date as Day  # noqa: N812 - a field is called date
from typing import Annotated, Any

import strawberry
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.custom_fields import inputs as _inputs  # noqa: F401 - makes the enum known to the schema
from rapport_customers.custom_fields.errors import UnknownFieldAsked
from rapport_customers.custom_fields.model import CustomField
from rapport_customers.custom_fields.values import CustomFieldType, to_json, to_text
from rapport_shared.contracts.roles import CUSTOM
from rapport_shared.graphql.money import Money
from rapport_shared.money import Money as MoneyValue

TYPE = "Customer"


@strawberry.type(description="The value of a custom field: as JSON, as text, and in the field of its type.")
class CustomValue:
    """One field of one record; everything about its value is null where it has none, or your role hides it."""

    key: str = strawberry.field(description="The field's name for programs.")
    label: str = strawberry.field(description="The field's name for people.")
    type: CustomFieldType = strawberry.field(description="What it holds.")
    value: JSON | None = strawberry.field(description="The value, as inputs take it.")
    display: str | None = strawberry.field(description="The value for people: labels of options, money with currency.")
    text: str | None = strawberry.field(default=None, description="Of a TEXT.")
    number: float | None = strawberry.field(default=None, description="Of a NUMBER.")
    date: Day | None = strawberry.field(default=None, description="Of a DATE.")
    options: list[str] | None = strawberry.field(default=None, description="Of a SELECT or MULTI: the options' values.")
    reference: strawberry.ID | None = strawberry.field(default=None, description="Of a REFERENCE: the record's id.")
    money: Money | None = strawberry.field(default=None, description="Of MONEY.")

    @classmethod
    def of(cls, field: CustomField, stored: Any) -> "CustomValue":
        """The public form of a stored value."""
        rules = field.rules
        shown = {} if stored is None else _TYPED[rules.type](stored)
        display = None if stored is None else _display(field, stored)
        return cls(
            key=field.key,
            label=field.label,
            type=rules.type,
            value=to_json(rules, stored),
            display=display,
            **shown,
        )


@strawberry.type
class CustomerCustomFields:
    """What this noun adds to a customer."""

    stored_custom: strawberry.Private[Mapping[str, Any]]

    @strawberry.field(description="The values of custom fields: of these, or of all that there are, the oldest first.")
    async def custom(
        self,
        info: Info,
        keys: Annotated[list[str] | None, strawberry.argument(description="Which fields, in this order.")] = None,
    ) -> list[CustomValue]:
        """No query: definitions are in memory, values in the record."""
        definitions = await info.context.custom_fields.definitions()
        hidden = info.context.fields(TYPE).hidden
        unknown = [key for key in keys or () if key not in definitions.by_key]
        if unknown:
            raise UnknownFieldAsked(f"There is no custom field {unknown[0][:60]!r}.")
        fields = definitions.fields if keys is None else [definitions.by_key[key] for key in dict.fromkeys(keys)]
        return [
            CustomValue.of(field, None if CUSTOM + field.key in hidden else self.stored_custom.get(field.key))
            for field in fields
        ]


def _display(field: CustomField, stored: Any) -> str:
    labels: dict[str, str] = {option.value: option.label for option in field.rules.options}
    if not labels:
        return to_text(field.rules, stored)
    return "; ".join(str(labels.get(value, value)) for value in (stored if isinstance(stored, list) else [stored]))


_TYPED: dict[CustomFieldType, Any] = {
    CustomFieldType.TEXT: lambda stored: {"text": stored},
    CustomFieldType.NUMBER: lambda stored: {"number": stored},
    CustomFieldType.DATE: lambda stored: {"date": Day.fromisoformat(stored)},
    CustomFieldType.SELECT: lambda stored: {"options": [stored]},
    CustomFieldType.MULTI: lambda stored: {"options": stored},
    CustomFieldType.REFERENCE: lambda stored: {"reference": strawberry.ID(stored)},
    CustomFieldType.MONEY: lambda stored: {"money": Money.from_model(MoneyValue.stored(stored))},
}
