"""The GraphQL types of merges."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.merges import model
from rapport_shared.graphql.scalars import DateTime


@strawberry.type(description="Customers that were found to be one.")
class CustomerMerge:
    """The GraphQL form of a merge."""

    id: strawberry.ID = strawberry.field(description="Its id, `mrg_…`.")
    survivor_id: strawberry.ID = strawberry.field(description="Whom they were merged into.")
    other_ids: list[strawberry.ID] = strawberry.field(description="Who was merged.")
    at: DateTime = strawberry.field(description="When.")
    by_id: strawberry.ID = strawberry.field(description="Who did it.")
    undone_at: DateTime | None = strawberry.field(description="When it was undone.")

    @classmethod
    def from_model(cls, merge: model.Merge) -> "CustomerMerge":
        """The public form."""
        return cls(
            id=strawberry.ID(merge.id),
            survivor_id=strawberry.ID(merge.survivor_id),
            other_ids=[strawberry.ID(each) for each in merge.other_ids],
            at=DateTime(merge.at),
            by_id=strawberry.ID(merge.by_id),
            undone_at=None if merge.undone_at is None else DateTime(merge.undone_at),
        )


@strawberry.type
class CustomerMerges:
    """What this noun adds to a customer."""

    id: strawberry.ID

    @strawberry.field(description="The merges into this customer, the newest first.")
    async def merges(self, info: Info) -> list[CustomerMerge]:
        """One query for any number of customers."""
        found = await info.context.merges_of_customer.load(str(self.id))
        return [CustomerMerge.from_model(merge) for merge in found or []]
