"""Custom fields in GraphQL: translate, call, translate."""

from datetime import date
from typing import Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.custom_fields import model
from rapport_customers.custom_fields.inputs import (
    DefineCustomFieldInput,
    DeleteCustomFieldInput,
    RestoreCustomFieldInput,
    UpdateCustomFieldInput,
    definition,
)
from rapport_customers.custom_fields.values import CustomFieldType
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="One of the values that a SELECT or MULTI field can have.")
class CustomFieldOption:
    """The GraphQL form of an option."""

    value: str = strawberry.field(description="What is stored.")
    label: str = strawberry.field(description="What people read.")


@strawberry.type(description="A field that a company has added to its records.")
class CustomField:
    """The GraphQL form of a custom field."""

    id: strawberry.ID = strawberry.field(description="Its id, `cfd_…`.")
    applies_to: str = strawberry.field(description="The type whose records have it.")
    key: str = strawberry.field(description="Its name for programs; rules of roles name it `custom.` and this.")
    type: CustomFieldType = strawberry.field(description="What it holds.")
    label: str = strawberry.field(description="What people call it.")
    description: str | None = strawberry.field(description="What it is for.")
    required: bool = strawberry.field(description="Whether every new record has to have a value.")
    unique: bool = strawberry.field(description="Whether no two records have the same value.")
    sortable: bool = strawberry.field(description="Whether lists are to be sorted by it.")
    sort_ready: bool = strawberry.field(description="Whether they can be by now: the index is there.")
    options: list[CustomFieldOption] = strawberry.field(description="What a SELECT or MULTI field can hold.")
    minimum: float | None = strawberry.field(description="The least NUMBER, or amount of MONEY.")
    maximum: float | None = strawberry.field(description="The greatest NUMBER, or amount of MONEY.")
    earliest: date | None = strawberry.field(description="The first DATE.")
    latest: date | None = strawberry.field(description="The last DATE.")
    min_length: int | None = strawberry.field(description="How many characters a TEXT has at least.")
    max_length: int | None = strawberry.field(description="How many characters a TEXT has at most.")
    pattern: str | None = strawberry.field(description="What a whole TEXT matches.")
    references: str | None = strawberry.field(description="The type that a REFERENCE names.")
    created_at: DateTime = strawberry.field(description="When it was defined.")
    updated_at: DateTime = strawberry.field(description="When the definition last changed.")
    deleted_at: DateTime | None = strawberry.field(description="When it was deleted.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @classmethod
    def from_model(cls, field: model.CustomField) -> "CustomField":
        """The public form."""
        rules = field.rules
        return cls(
            id=strawberry.ID(field.id),
            applies_to=field.applies_to,
            key=field.key,
            type=rules.type,
            label=field.label,
            description=field.description,
            required=field.required,
            unique=field.unique,
            sortable=field.sortable,
            sort_ready=field.sort_ready,
            options=[CustomFieldOption(value=option.value, label=option.label) for option in rules.options],
            minimum=rules.minimum,
            maximum=rules.maximum,
            earliest=rules.earliest,
            latest=rules.latest,
            min_length=rules.min_length,
            max_length=rules.max_length,
            pattern=rules.pattern,
            references=rules.references,
            created_at=DateTime(field.created_at),
            updated_at=DateTime(field.updated_at),
            deleted_at=None if field.deleted_at is None else DateTime(field.deleted_at),
            version=field.version,
        )


@strawberry.type(description="The custom field after a change, or what is wrong.")
class CustomFieldPayload:
    """Payload of every mutation of custom fields."""

    custom_field: CustomField | None = strawberry.field(default=None, description="The field as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, field: model.CustomField) -> "CustomFieldPayload":
        """The payload of success."""
        return cls(custom_field=CustomField.from_model(field))


@strawberry.type
class CustomFieldQuery:
    """Reading definitions."""

    @strawberry.field(description="The custom fields of a type, at most 100 that are not deleted, the oldest first.")
    async def custom_fields(
        self,
        info: Info,
        applies_to: Annotated[str, strawberry.argument(description="The type.")] = "Customer",
        deleted: Annotated[bool, strawberry.argument(description="Deleted ones as well.")] = False,
    ) -> list[CustomField]:
        """All of them: forms are made of them."""
        found = await info.context.custom_fields.all_of(applies_to, deleted=deleted, by=info.context.actor)
        return [CustomField.from_model(field) for field in found]


@strawberry.type
class CustomFieldMutation:
    """Changing definitions."""

    @mutation("Give the records of a type one more field, from now on.")
    async def define_custom_field(self, info: Info, input: DefineCustomFieldInput) -> CustomFieldPayload:
        """Define."""
        key = given(input.idempotency_key)
        made = await info.context.custom_fields.define(definition(input), idempotency_key=key, by=info.context.actor)
        return CustomFieldPayload.of(made)

    @mutation("Change labels and rules of a custom field; stored values stay.")
    async def update_custom_field(self, info: Info, input: UpdateCustomFieldInput) -> CustomFieldPayload:
        """Update."""
        changed = await info.context.custom_fields.update(
            input.id, definition(input), expected_version=given(input.expected_version), by=info.context.actor
        )
        return CustomFieldPayload.of(changed)

    @mutation("Show a custom field no more; history keeps what it says of it, and restoreCustomField brings it back.")
    async def delete_custom_field(self, info: Info, input: DeleteCustomFieldInput) -> CustomFieldPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.custom_fields.delete(input.id, expected_version=expected, by=info.context.actor)
        return CustomFieldPayload.of(gone)

    @mutation("Bring a deleted custom field back, with its values.")
    async def restore_custom_field(self, info: Info, input: RestoreCustomFieldInput) -> CustomFieldPayload:
        """Restore."""
        expected = given(input.expected_version)
        back = await info.context.custom_fields.restore(input.id, expected_version=expected, by=info.context.actor)
        return CustomFieldPayload.of(back)
