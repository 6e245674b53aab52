"""Undoing changes in GraphQL: translate, call, translate."""

from typing import Any, cast

import strawberry
from strawberry.scalars import JSON

from rapport_customers.context import Info
from rapport_customers.customers import model
from rapport_customers.customers.schema import Customer
from rapport_customers.history.schema import told
from rapport_customers.reverts.inputs import RevertCustomerInput
from rapport_customers.reverts.model import Conflict, Reverted
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given
from rapport_shared.rights import schema_name


@strawberry.type(description="A field that was changed again after the change that is to be undone.")
class RevertConflict:
    """The GraphQL form of a conflict."""

    field: str = strawberry.field(description="The field's name, such as `ownerId`.")
    stored: strawberry.Private[Conflict]

    @strawberry.field(description="What it is now.")
    async def now(self, info: Info) -> JSON | None:
        """With tags by their names of today."""
        return cast("JSON | None", await told(self.stored.field, self.stored.now, info))

    @strawberry.field(description="What it would be, were the change undone with `overwrite`.")
    async def reverted(self, info: Info) -> JSON | None:
        """With tags by their names of today."""
        return cast("JSON | None", await told(self.stored.field, self.stored.reverted, info))


@strawberry.type(description="The customer after a change was undone, or what stands in the way.")
class RevertCustomerPayload:
    """Payload of revertCustomer."""

    customer: Customer | None = strawberry.field(default=None, description="The customer as it stands now.")
    conflicts: list[RevertConflict] = strawberry.field(
        default_factory=list, description="What was changed again since: with any of these nothing was done."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")

    @classmethod
    def of(cls, current: Any) -> "RevertCustomerPayload":
        """The payload of success, and of a conflict."""
        if isinstance(current, model.Customer):
            return cls(customer=Customer.from_model(current))
        reverted: Reverted = current
        conflicts = [RevertConflict(field=schema_name(each.field), stored=each) for each in reverted.conflicts]
        return cls(customer=Customer.from_model(reverted.customer), conflicts=conflicts)


@strawberry.type
class RevertMutation:
    """Undoing changes."""

    @mutation("Undo one change of a customer, as its history has it, unless its fields were changed again.")
    async def revert_customer(self, info: Info, input: RevertCustomerInput) -> RevertCustomerPayload:
        """Revert."""
        reverted = await info.context.reverts.revert(
            input.id,
            input.version,
            fields=given(input.fields),
            overwrite=bool(given(input.overwrite)),
            expected_version=given(input.expected_version),
            by=info.context.actor,
        )
        return RevertCustomerPayload.of(reverted)
