"""The GraphQL types of transfers, and what they add to a customer."""

from typing import TYPE_CHECKING, Annotated

import strawberry

from rapport_customers.context import Info
from rapport_customers.transfers import model
from rapport_shared.actor import Via
from rapport_shared.graphql.scalars import DateTime

if TYPE_CHECKING:
    from rapport_customers.customers.schema import User

LazyUser = Annotated["User", strawberry.lazy("rapport_customers.customers.schema")]


@strawberry.type(description="What somebody looked after has become another's, or nobody's.")
class OwnershipTransfer:
    """The GraphQL form of a transfer."""

    id: strawberry.ID = strawberry.field(description="Its id, `trf_…`.")
    from_id: strawberry.ID = strawberry.field(description="The id of whose it was.")
    to_id: strawberry.ID | None = strawberry.field(description="The id of whose it becomes; null for nobody's.")
    note: str = strawberry.field(description="What the successor should know.")
    by_id: strawberry.ID = strawberry.field(description="The id of who began it, or `system`.")
    customers_moved: int = strawberry.field(description="How many customers were moved so far.")
    tasks_moved: int = strawberry.field(description="How many tasks were moved; 0 until all of them are.")
    created_at: DateTime = strawberry.field(description="When it began.")
    ended_at: DateTime | None = strawberry.field(description="When all was moved; null until then.")
    via: strawberry.Private[str]

    @strawberry.field(name="from", description="Whose it was.")
    def from_user(self, info: Info) -> LazyUser:
        """A reference to the identity service's user."""
        user: LazyUser = info.context.to_user(str(self.from_id))
        return user

    @strawberry.field(name="to", description="Whose it becomes.")
    def to_user(self, info: Info) -> LazyUser | None:
        """A reference to the identity service's user."""
        user: LazyUser | None = None if self.to_id is None else info.context.to_user(str(self.to_id))
        return user

    @strawberry.field(description="Who began it; null for the system itself.")
    def by(self, info: Info) -> LazyUser | None:
        """A reference to the identity service's user."""
        is_system = self.via == Via.SYSTEM.value
        user: LazyUser | None = None if is_system else info.context.to_user(str(self.by_id))
        return user

    @classmethod
    def from_model(cls, transfer: model.Transfer) -> "OwnershipTransfer":
        """The public form."""
        return cls(
            id=strawberry.ID(transfer.id),
            from_id=strawberry.ID(transfer.from_id),
            to_id=None if transfer.to_id is None else strawberry.ID(transfer.to_id),
            note=transfer.note,
            by_id=strawberry.ID(transfer.by),
            via=transfer.via,
            customers_moved=transfer.customers_moved,
            tasks_moved=transfer.tasks_moved,
            created_at=DateTime(transfer.created_at),
            ended_at=None if transfer.ended_at is None else DateTime(transfer.ended_at),
        )


@strawberry.type
class CustomerTransfers:
    """What transfers add to a customer."""

    transfer_id: strawberry.Private[str | None]

    @strawberry.field(description="The last transfer that gave it to another owner, with its hand-over note.")
    async def handover(self, info: Info) -> OwnershipTransfer | None:
        """By id, batched."""
        if self.transfer_id is None:
            return None
        found = await info.context.transfer_by_id.load(self.transfer_id)
        return None if found is None else OwnershipTransfer.from_model(found)
