"""Needs in GraphQL: translate, call, translate."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.needs import model
from rapport_customers.needs.inputs import (
    LISTING,
    CreateNeedInput,
    DeleteNeedInput,
    RestoreNeedInput,
    UpdateNeedInput,
)
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.field_rights import hidden_fields_of
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.federation.type(keys=["id"], description="What a customer needs.")
class Need:
    """The GraphQL form of a need."""

    id: strawberry.ID = strawberry.field(description="Its id, `nee_…`.")
    customer_id: strawberry.ID = strawberry.field(description="The customer's id.")
    kind: model.NeedKind = strawberry.field(description="What it is.")
    text: str | None = strawberry.field(description="What is needed.")
    status: model.NeedStatus = strawberry.field(description="What came of it.")
    interaction_id: strawberry.ID | None = strawberry.field(description="The communication in which it was said.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    deleted_at: DateTime | None = strawberry.field(description="When it was put away.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")
    hidden_fields: list[str] = hidden_fields_of("Need")

    @strawberry.field(description="The customer; null where you may not see it.")
    async def customer(self, info: Info) -> LazyCustomer | None:
        """By id, batched."""
        node: LazyCustomer | None = await info.context.customer_node(str(self.customer_id))
        return node

    @classmethod
    def from_model(cls, need: model.Need) -> "Need":
        """The public form."""
        return cls(
            id=strawberry.ID(need.id),
            customer_id=strawberry.ID(need.customer_id),
            kind=need.kind,
            text=need.text,
            status=need.status,
            interaction_id=None if need.interaction_id is None else strawberry.ID(need.interaction_id),
            created_at=DateTime(need.created_at),
            updated_at=DateTime(need.updated_at),
            deleted_at=None if need.deleted_at is None else DateTime(need.deleted_at),
            version=need.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Need | None":
        """The need of a representation, unless it is out of reach."""
        found = await info.context.need_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type(description="The need after a change, or what is wrong.")
class NeedPayload:
    """Payload of every need mutation."""

    need: Need | None = strawberry.field(default=None, description="The need as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, need: model.Need) -> "NeedPayload":
        """The payload of success."""
        return cls(need=Need.from_model(need))


@strawberry.type
class CustomerNeeds:
    """What needs add to a customer."""

    id: strawberry.ID

    @list_field("What the customer needs.", LISTING)
    async def needs(self, info: Info, query: ListQuery) -> Connection[Need]:
        """One query for any number of customers."""
        return await nested_connection(info.context.needs_of_customer, str(self.id), query, Need.from_model)


@strawberry.type
class NeedQuery:
    """Reading needs."""

    @strawberry.field(description="One need; null where there is none, or none that you may see.")
    async def need(self, info: Info, id: strawberry.ID) -> Need | None:
        """By id."""
        found = await info.context.needs.find(id, by=info.context.actor)
        return None if found is None else Need.from_model(found)

    @list_field("The needs that you may see.", LISTING)
    async def needs(self, info: Info, query: ListQuery) -> Connection[Need]:
        """A page."""
        service, by = info.context.needs, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Need.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class NeedMutation:
    """Changing needs."""

    @mutation("Make a new need of a customer.")
    async def create_need(self, info: Info, input: CreateNeedInput) -> NeedPayload:
        """Create."""
        made = await info.context.needs.create(
            input.customer_id,
            details(input, apart=frozenset({"customer_id"})),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return NeedPayload.of(made)

    @mutation("Change a need.")
    async def update_need(self, info: Info, input: UpdateNeedInput) -> NeedPayload:
        """Update."""
        expected = given(input.expected_version)
        changed = await info.context.needs.update(
            input.id, details(input), expected_version=expected, by=info.context.actor
        )
        return NeedPayload.of(changed)

    @mutation("Put a need away; it can be restored.")
    async def delete_need(self, info: Info, input: DeleteNeedInput) -> NeedPayload:
        """Delete."""
        expected = given(input.expected_version)
        gone = await info.context.needs.delete(input.id, expected_version=expected, by=info.context.actor)
        return NeedPayload.of(gone)

    @mutation("Bring a deleted need back.")
    async def restore_need(self, info: Info, input: RestoreNeedInput) -> NeedPayload:
        """Restore."""
        expected = given(input.expected_version)
        back = await info.context.needs.restore(input.id, expected_version=expected, by=info.context.actor)
        return NeedPayload.of(back)
