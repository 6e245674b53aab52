"""Reading and changing segments in GraphQL: translate, call, translate."""

from typing import Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.inputs import NEWEST_FIRST
from rapport_customers.customers.schema import Customer
from rapport_customers.rules.inputs import CustomerRuleInput, stored_rule
from rapport_customers.segments import model
from rapport_customers.segments.inputs import LISTING, CreateSegmentInput, DeleteSegmentInput, UpdateSegmentInput
from rapport_customers.segments.types import Segment
from rapport_shared.graphql.connections import Connection, connection_of
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import details, given
from rapport_shared.graphql.lists import ListQuery, list_field
from rapport_shared.mongo import page_request

_First = Annotated[int | None, strawberry.argument(description="How many customers: 20 by default, at most 100.")]
_After = Annotated[str | None, strawberry.argument(description="Start behind this cursor.")]
_Rule = Annotated[CustomerRuleInput, strawberry.argument(description="What has to be true of the customers.")]


@strawberry.type(description="The segment after a change, or what is wrong.")
class SegmentPayload:
    """Payload of every segment mutation."""

    segment: Segment | None = strawberry.field(default=None, description="The segment as it stands now.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, segment: model.Segment) -> "SegmentPayload":
        """The payload of success."""
        return cls(segment=Segment.from_model(segment))


@strawberry.type
class SegmentQuery:
    """Reading segments."""

    @strawberry.field(description="One segment; null where there is none, or none that you may see.")
    async def segment(self, info: Info, id: strawberry.ID) -> Segment | None:
        """By id."""
        found = await info.context.segments.find(id, by=info.context.actor)
        return None if found is None else Segment.from_model(found)

    @list_field("The segments.", LISTING)
    async def segments(self, info: Info, query: ListQuery) -> Connection[Segment]:
        """A page."""
        service, by = info.context.segments, info.context.actor
        page = await service.page(query.condition, query.page, by=by)
        return connection_of(page, Segment.from_model, lambda: service.count(query.condition, by=by))

    @strawberry.field(description="The customers of whom a rule is true now, as far as you may see them.")
    async def segment_preview(
        self, info: Info, rule: _Rule, first: _First = None, after: _After = None
    ) -> Connection[Customer]:
        """A page; nothing is kept."""
        context = info.context
        condition = context.segments.preview(stored_rule(rule), by=context.actor)
        request = page_request(first=first, after=after, last=None, before=None, order=NEWEST_FIRST)
        page = await context.customers.page(condition, request, by=context.actor)
        return connection_of(page, Customer.from_model, lambda: context.customers.count(condition, by=context.actor))


@strawberry.type
class SegmentMutation:
    """Changing segments."""

    @mutation("Make a new segment; for managers and marketing.")
    async def create_segment(self, info: Info, input: CreateSegmentInput) -> SegmentPayload:
        """Create."""
        made = await info.context.segments.create(
            input.name,
            stored_rule(input.rule),
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return SegmentPayload.of(made)

    @mutation("Change a segment; for managers and marketing.")
    async def update_segment(self, info: Info, input: UpdateSegmentInput) -> SegmentPayload:
        """Update."""
        changes = details(input)
        if changes.get("rule") is not None:
            changes["rule"] = stored_rule(changes["rule"])
        changed = await info.context.segments.update(
            input.id, changes, expected_version=given(input.expected_version), by=info.context.actor
        )
        return SegmentPayload.of(changed)

    @mutation("Delete a segment for good: everybody leaves it; for managers and marketing.")
    async def delete_segment(self, info: Info, input: DeleteSegmentInput) -> SegmentPayload:
        """Delete."""
        gone = await info.context.segments.delete(
            input.id, expected_version=given(input.expected_version), by=info.context.actor
        )
        return SegmentPayload.of(gone)
