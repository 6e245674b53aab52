"""What data quality can be asked."""

from typing import Annotated, Final

import strawberry

from rapport_customers.quality.model import QualityRule
from rapport_shared.graphql.inputs import REASON, optional
from rapport_shared.mongo import Order

strawberry.enum(QualityRule, description="What can be wrong with a customer's record.")

ORDERS: Final = {QualityRule.STALE: (Order("updated_at"),)}
"""By rule; the oldest customer first where there is none."""
Wanted = Annotated[
    list[QualityRule] | None, strawberry.argument(description="Only these rules; all of them where not given.")
]


@strawberry.input(description="What to mend: the next phone numbers and mail addresses.")
class FixDataQualityInput:
    """Fields of fixDataQuality."""

    reason: str | None = optional(REASON)
