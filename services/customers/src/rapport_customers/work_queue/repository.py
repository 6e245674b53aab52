"""What the work queue is read by."""

from typing import Final

from rapport_shared.mongo import Index

INDEXES: Final = (
    Index(
        "customers",
        (("owner_id", 1), ("deleted", 1), ("priority_rank", -1), ("facts.last_interaction_at", 1), ("_id", 1)),
    ),
)
