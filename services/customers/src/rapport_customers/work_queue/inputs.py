"""What the work queue can be asked."""

from typing import Annotated, Final

import strawberry

from rapport_customers.work_queue.model import WorkReason
from rapport_shared.mongo import Order

strawberry.enum(WorkReason, description="Why a customer is to be dealt with; `customerHandling` has the days.")

ORDER: Final = (Order("priority_rank", descending=True), Order("facts.last_interaction_at"), Order("_id"))
"""HIGH first; among equals whoever was never spoken with, then the longest silence."""
Whose = Annotated[strawberry.ID | None, strawberry.argument(description="Whose queue: yours where not given.")]
Wanted = Annotated[
    list[WorkReason] | None, strawberry.argument(description="Only who is due for one of these reasons.")
]
Last = Annotated[int | None, strawberry.argument(description="How many from the end, at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="End in front of this cursor.")]
