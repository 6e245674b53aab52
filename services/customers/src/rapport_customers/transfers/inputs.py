"""The inputs of transfers."""

from enum import Enum

import strawberry

from rapport_shared.graphql.inputs import IDEMPOTENCY_KEY, optional


@strawberry.enum(description="What a transfer moves.")
class TransferPart(Enum):
    """Parts."""

    CUSTOMERS = strawberry.enum_value("CUSTOMERS", description="Customers, with all that hangs on them.")
    TASKS = strawberry.enum_value("TASKS", description="Tasks neither done nor cancelled, follow-ups included.")


@strawberry.input(description="A transfer of what somebody looks after.")
class TransferOwnershipInput:
    """Fields of transferOwnership."""

    from_id: strawberry.ID = strawberry.field(description="Whose it is.")
    to_id: strawberry.ID | None = optional("Whose it becomes: an active user; nobody's, where not given.")
    parts: list[TransferPart] | None = optional("What is moved; customers and tasks, where not given.")
    customer_ids: list[strawberry.ID] | None = optional(
        "Only these customers, at most 1000, and the tasks about them; all, where not given."
    )
    note: str = strawberry.field(description="What the successor should know; it is seen at the customers.")
    dry_run: bool = strawberry.field(default=False, description="Count what would be moved, and move nothing.")
    idempotency_key: str | None = optional(IDEMPOTENCY_KEY)
