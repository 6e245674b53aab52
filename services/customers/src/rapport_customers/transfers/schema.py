"""Transfers in GraphQL: translate, call, translate."""

import strawberry

from rapport_customers.context import Info
from rapport_customers.customers.schema import User
from rapport_customers.transfers.inputs import TransferOwnershipInput, TransferPart
from rapport_customers.transfers.types import OwnershipTransfer
from rapport_shared.graphql.errors import UserError, mutation
from rapport_shared.graphql.inputs import given


@strawberry.type(description="The transfer that began, or what it would move, or what is wrong.")
class TransferOwnershipPayload:
    """Payload of transferOwnership."""

    transfer: OwnershipTransfer | None = strawberry.field(default=None, description="Null for a dry run.")
    customers: int = strawberry.field(default=0, description="How many customers there are to move.")
    from_: User | None = strawberry.field(
        default=None, name="from", description="Whose it is: ask its `tasks` here to see which tasks there are to move."
    )
    user_errors: list[UserError] = strawberry.field(default_factory=list, description="Empty when it was done.")


@strawberry.type
class TransferQuery:
    """Reading transfers."""

    @strawberry.field(description="A transfer; null where there is none, or none that you might have begun.")
    async def ownership_transfer(self, info: Info, id: strawberry.ID) -> OwnershipTransfer | None:
        """By id."""
        found = await info.context.transfers.find(id, by=info.context.actor)
        return None if found is None else OwnershipTransfer.from_model(found)


@strawberry.type
class TransferMutation:
    """Transferring."""

    @mutation("Give what somebody looks after to another, or to nobody: customers go to the pool then.")
    async def transfer_ownership(self, info: Info, input: TransferOwnershipInput) -> TransferOwnershipPayload:
        """Begin; the worker moves what there is to move."""
        parts = set(TransferPart) if given(input.parts) is None else set(given(input.parts) or ())
        transfer, customers = await info.context.transfers.start(
            from_id=str(input.from_id),
            to_id=given(input.to_id),
            customers=TransferPart.CUSTOMERS in parts,
            tasks=TransferPart.TASKS in parts,
            customer_ids=given(input.customer_ids),
            note=input.note,
            dry_run=input.dry_run,
            idempotency_key=given(input.idempotency_key),
            by=info.context.actor,
        )
        return TransferOwnershipPayload(
            transfer=None if input.dry_run else OwnershipTransfer.from_model(transfer),
            customers=customers,
            from_=User(id=input.from_id),
        )
