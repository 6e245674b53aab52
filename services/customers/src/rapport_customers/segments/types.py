"""Segments in GraphQL, and what they add to a customer."""

from typing import TYPE_CHECKING, Annotated, Any

import strawberry
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.customers.inputs import LISTING as CUSTOMERS
from rapport_customers.segments import model
from rapport_shared.graphql.connections import Connection
from rapport_shared.graphql.lists import ListQuery, list_field, nested_connection
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import Customer

LazyCustomer = Annotated["Customer", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.federation.type(keys=["id"], description="The customers of whom a rule is true, kept as they come and go.")
class Segment:
    """The GraphQL form of a segment."""

    id: strawberry.ID = strawberry.field(description="Its id, `seg_…`.")
    name: str = strawberry.field(description="Its name; unique.")
    rule: JSON = strawberry.field(description="What has to be true of its customers, as it was given.")
    rule_version: int = strawberry.field(description="Counts the rules that it has had.")
    created_at: DateTime = strawberry.field(description="When the record was made.")
    updated_at: DateTime = strawberry.field(description="When the record last changed.")
    version: int = strawberry.field(description="Counts the changes; give it as `expectedVersion`.")

    @list_field("Its customers, as far as you may see them.", CUSTOMERS)
    async def members(self, info: Info, query: ListQuery) -> Connection[LazyCustomer]:
        """One query for any number of segments."""
        context = info.context
        return await nested_connection(context.members_of_segment, str(self.id), query, context.to_customer)

    @classmethod
    def from_model(cls, segment: model.Segment) -> "Segment":
        """The public form."""
        rule: Any = segment.rule
        return cls(
            id=strawberry.ID(segment.id),
            name=segment.name,
            rule=rule,
            rule_version=segment.rule_version,
            created_at=DateTime(segment.created_at),
            updated_at=DateTime(segment.updated_at),
            version=segment.version,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: str) -> "Segment | None":
        """The segment of a representation, unless it is out of reach."""
        found = await info.context.segment_by_id.load(id)
        return None if found is None else cls.from_model(found)


@strawberry.type
class CustomerSegments:
    """What segments add to a customer."""

    id: strawberry.ID

    @strawberry.field(description="The segments that the customer is in.")
    async def segments(self, info: Info) -> list[Segment]:
        """By id, batched."""
        return [Segment.from_model(each) for each in await info.context.segments_of_customer.load(str(self.id))]
