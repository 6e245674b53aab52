"""Merges in GraphQL: translate, call, translate."""

import strawberry
from strawberry.utils.str_converters import to_snake_case

from rapport_customers.context import Info
from rapport_customers.customers.model import Customer as CustomerModel
from rapport_customers.customers.schema import Customer
from rapport_customers.merges.inputs import MergeCustomersInput, UnmergeCustomersInput
from rapport_customers.merges.service import Merged
from rapport_customers.merges.types import CustomerMerge
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given


@strawberry.type(description="How many records of one noun changed hands with their customer.")
class MovedRecords:
    """One noun."""

    noun: str = strawberry.field(description="Such as `contact`, `deal` or `order`.")
    count: int = strawberry.field(description="How many. What other services keep follows within seconds.")


@strawberry.type(description="The survivor of a merge, or what is wrong.")
class MergePayload:
    """Payload of mergeCustomers and unmergeCustomers."""

    customer: Customer | None = strawberry.field(default=None, description="The survivor as it stands now.")
    merge: CustomerMerge | None = strawberry.field(default=None, description="The merge; of a dry run, one to be.")
    moved: list[MovedRecords] = strawberry.field(default_factory=list, description="What followed, by noun.")
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, customer: CustomerModel) -> "MergePayload":
        """The payload of a conflict."""
        return cls(customer=Customer.from_model(customer))

    @classmethod
    def done(cls, merged: Merged) -> "MergePayload":
        """The payload of success."""
        return cls(
            customer=Customer.from_model(merged.customer),
            merge=CustomerMerge.from_model(merged.merge),
            moved=[MovedRecords(noun=noun, count=count) for noun, count in merged.moved.items()],
        )


@strawberry.type
class MergeMutation:
    """Merging customers."""

    @mutation("Make customers one: all that hangs on them follows, and their ids give the survivor.")
    async def merge_customers(self, info: Info, input: MergeCustomersInput) -> MergePayload:
        """Merge."""
        choices = {to_snake_case(choice.field): str(choice.from_id) for choice in given(input.choices) or []}
        merged = await info.context.merges.merge(
            input.survivor_id,
            [str(each) for each in input.other_ids],
            choices,
            expected_version=given(input.expected_version),
            dry_run=input.dry_run,
            by=info.context.actor,
        )
        return MergePayload.done(merged)

    @mutation("Undo a merge: its customers are back; what came after it stays with the survivor.")
    async def unmerge_customers(self, info: Info, input: UnmergeCustomersInput) -> MergePayload:
        """Unmerge."""
        return MergePayload.done(await info.context.merges.unmerge(input.merge_id, by=info.context.actor))
