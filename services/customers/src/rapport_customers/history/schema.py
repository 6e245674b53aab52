"""Histories in GraphQL: what they add to a customer."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, cast

import strawberry
from pydantic.alias_generators import to_camel
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.history import model
from rapport_customers.history.inputs import LISTING
from rapport_customers.history.service import TYPE
from rapport_shared.actor import Via
from rapport_shared.graphql.connections import Connection
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime, serialize_date_time
from rapport_shared.money import Money
from rapport_shared.rights import schema_name

if TYPE_CHECKING:
    from rapport_customers.customers.schema import User

LazyUser = Annotated["User", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.type(description="What a field was and what it became.")
class CustomerFieldChange:
    """One field; values are as in the schema, or JSON where they are more than a text."""

    field: str = strawberry.field(description="The field's name, such as `ownerId`.")
    masked: bool = strawberry.field(description="Whether your role hides the field.")
    was: strawberry.Private[Any]
    became: strawberry.Private[Any]

    @strawberry.field(description="What it was; null where it was nothing, masked or erased.")
    async def before(self, info: Info) -> JSON | None:
        """With tags by their names of today."""
        return cast("JSON | None", await told(self.field, self.was, info))

    @strawberry.field(description="What it became; null where that is nothing, masked or erased.")
    async def after(self, info: Info) -> JSON | None:
        """With tags by their names of today."""
        return cast("JSON | None", await told(self.field, self.became, info))

    @classmethod
    def from_model(cls, change: model.FieldChange, hidden: frozenset[str]) -> "CustomerFieldChange":
        """The public form; the values of a hidden field stay here."""
        name = schema_name(change.field)
        masked = name in hidden
        return cls(
            field=name,
            masked=masked,
            was=None if masked else change.before,
            became=None if masked else change.after,
        )


@strawberry.type(description="One change of a customer.")
class CustomerHistoryEntry:
    """The GraphQL form of an entry."""

    id: strawberry.ID = strawberry.field(description="Its id.")
    customer_id: strawberry.ID = strawberry.field(description="The customer.")
    version: int = strawberry.field(description="The customer's version afterwards.")
    action: str = strawberry.field(description="What was done: created, updated, deleted, restored or erased.")
    at: DateTime = strawberry.field(description="When it was recorded.")
    occurred_at: DateTime | None = strawberry.field(description="When it happened, where its author said so.")
    late: bool = strawberry.field(description="Whether it was recorded more than 24 hours after it happened.")
    by_id: strawberry.ID = strawberry.field(description="Who did it: a user's id, `system`, or a rule's.")
    via: str = strawberry.field(description="How: USER, KEY, RULE, IMPORT or SYSTEM.")
    reason: str | None = strawberry.field(description="Why.")
    correlation_id: str = strawberry.field(description="Shared by everything that came of one request.")
    changes: list[CustomerFieldChange] = strawberry.field(description="The fields that changed.")

    @strawberry.field(description="Who did it; null for the system and its rules.")
    def by(self, info: Info) -> LazyUser | None:
        """A reference to the identity service's user."""
        people = self.via not in {Via.SYSTEM.value, Via.RULE.value}
        user: LazyUser | None = info.context.to_user(str(self.by_id)) if people else None
        return user

    @classmethod
    def from_model(cls, entry: model.Entry, hidden: frozenset[str]) -> "CustomerHistoryEntry":
        """The public form for a reader from whom these fields are hidden."""
        return cls(
            id=strawberry.ID(entry.id),
            customer_id=strawberry.ID(entry.customer_id),
            version=entry.version,
            action=entry.action,
            at=DateTime(entry.at),
            occurred_at=None if entry.occurred_at is None else DateTime(entry.occurred_at),
            late=entry.late,
            by_id=strawberry.ID(entry.actor),
            via=entry.via,
            reason=entry.reason,
            correlation_id=entry.correlation_id,
            changes=[CustomerFieldChange.from_model(change, hidden) for change in entry.changes],
        )


@strawberry.type
class CustomerHistory:
    """What this noun adds to a customer."""

    id: strawberry.ID

    @list_field("What happened to the customer.", LISTING)
    async def history(self, info: Info, query: ListQuery) -> Connection[CustomerHistoryEntry]:
        """One query for any number of customers."""
        hidden = info.context.fields(TYPE).hidden
        lists = info.context.history_of_customer
        return await nested_connection(
            lists, str(self.id), query, lambda entry: CustomerHistoryEntry.from_model(entry, hidden)
        )


async def told(field: str, value: Any, info: Info) -> Any:
    """A stored value of a field as JSON has it, with tags by their names of today."""
    if field != "tags" or value is None:
        return _json(value)
    names = await info.context.tag_names.load_many(list(value))
    return [name or tag for tag, name in zip(value, names, strict=True)]


def _json(value: Any) -> Any:
    if isinstance(value, datetime):
        return serialize_date_time(value)
    if isinstance(value, list | tuple):
        return [_json(item) for item in value]
    if isinstance(value, dict) and value.keys() == {"amount", "currency"}:
        return {"amount": str(Money.stored(value).amount), "currency": value["currency"]}
    if isinstance(value, dict):
        return {to_camel(name): _json(item) for name, item in value.items()}
    return value
