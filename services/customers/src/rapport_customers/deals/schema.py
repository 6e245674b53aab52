"""Deals in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.deals.inputs import (
    LISTING,
    CreateDealInput,
    DeleteDealInput,
    MoveDealInput,
    RestoreDealInput,
    UpdateDealInput,
    modelled,
)
from rapport_customers.deals.types import Deal, DealPayload
from rapport_shared.contracts.deals import DealCreated, DealDeleted, DealRestored, DealUpdated
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field

EVENTS = (DealCreated, DealUpdated, DealDeleted, DealRestored)
_PLACE = frozenset({"customer_id", "pipeline_id", "stage"})


@strawberry.type
class DealQuery:
    """Reading deals."""

    @strawberry.field(description="One deal; null where there is none, or none that you may see.")
    async def deal(self, info: Info, id: strawberry.ID) -> Deal | None:
        """By id."""
        found = await info.context.deals.find(id, by=info.context.actor)
        return None if found is None else Deal.from_model(found)

    @list_field("The deals that you may see.", LISTING)
    async def deals(self, info: Info, query: ListQuery) -> Connection[Deal]:
        """A page."""
        service, by = info.context.deals, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Deal.from_model, lambda: service.count(query.condition, by=by))


@strawberry.type
class DealMutation:
    """Changing deals."""

    @mutation("Make a new deal.")
    async def create_deal(self, info: Info, input: CreateDealInput) -> DealPayload:
        """Create."""
        made = await info.context.deals.create(
            input.customer_id,
            modelled(details(input, apart=_PLACE)),
            pipeline_id=given(input.pipeline_id),
            stage=given(input.stage),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return DealPayload.of(made)

    @mutation("Change a deal.")
    async def update_deal(self, info: Info, input: UpdateDealInput) -> DealPayload:
        """Update."""
        changed = await info.context.deals.update(
            input.id, modelled(details(input)), expected_version=given(input.expected_version), by=info.context.actor
        )
        return DealPayload.of(changed)

    @mutation("Bring a deal to another stage: on, won, lost, or taken up again.")
    async def move_deal(self, info: Info, input: MoveDealInput) -> DealPayload:
        """Move."""
        moved = await info.context.deals.move(
            input.id,
            input.stage,
            reason=given(input.reason),
            expected_version=given(input.expected_version),
            by=info.context.actor,
        )
        return DealPayload.of(moved)

    @mutation("Put a deal away; it can be restored.")
    async def delete_deal(self, info: Info, input: DeleteDealInput) -> DealPayload:
        """Delete."""
        expected = given(input.expected_version)
        return DealPayload.of(
            await info.context.deals.delete(input.id, expected_version=expected, by=info.context.actor)
        )

    @mutation("Bring a deleted deal back.")
    async def restore_deal(self, info: Info, input: RestoreDealInput) -> DealPayload:
        """Restore."""
        expected = given(input.expected_version)
        return DealPayload.of(
            await info.context.deals.restore(input.id, expected_version=expected, by=info.context.actor)
        )
