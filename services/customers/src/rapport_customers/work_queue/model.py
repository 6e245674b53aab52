"""Who is to be dealt with, and why: rules as tags and segments have them, of one customer and as a database filter."""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.customers.model import Customer, CustomerPriority, CustomerStage
from rapport_customers.handling.model import Handling
from rapport_customers.rules.model import AllOf, NotFor, OneOf, Rule

PASSING_STAGES: Final = (CustomerStage.LEAD, CustomerStage.OPPORTUNITY, CustomerStage.CHURN_RISK)
"""The stages that are not to last."""
_SPOKEN: Final = "facts.last_interaction_at"


class WorkReason(StrEnum):
    """Why a customer is to be dealt with."""

    HIGH_PRIORITY = "HIGH_PRIORITY"
    NOT_CONTACTED = "NOT_CONTACTED"
    LONG_IN_STAGE = "LONG_IN_STAGE"


Reasons = Mapping[WorkReason, Rule]


def reasons_under(handling: Handling) -> Reasons:
    """What makes a customer one to be dealt with, as the company handles its customers."""
    passing = OneOf("stage", tuple(stage.value for stage in PASSING_STAGES))
    return {
        WorkReason.HIGH_PRIORITY: OneOf("priority", (CustomerPriority.HIGH.value,)),
        WorkReason.NOT_CONTACTED: NotFor(_SPOKEN, handling.quiet_days),
        WorkReason.LONG_IN_STAGE: AllOf((passing, NotFor("stage_since", handling.stage_days))),
    }


def queue_of(user_id: str, reasons: Reasons, wanted: Collection[WorkReason] | None, now: datetime) -> dict[str, Any]:
    """The database filter of a user's queue: for one of the wanted reasons, or for any where that is None."""
    due = [rule.condition(now) for reason, rule in reasons.items() if wanted is None or reason in wanted]
    open_only = {"erased_at": None, "stage": {"$ne": CustomerStage.LOST.value}}
    return {"owner_id": user_id, "deleted": False, **open_only, "$or": due or [{"_id": {"$in": []}}]}


def reasons_for(customer: Customer, reasons: Reasons, now: datetime) -> list[WorkReason]:
    """Why this customer is to be dealt with."""
    stored = {
        "created_at": customer.created_at,
        "priority": customer.priority.value,
        "stage": customer.stage.value,
        "stage_since": customer.stage_since,
        "facts": {"last_interaction_at": customer.facts.last_interaction_at},
    }
    return [reason for reason, rule in reasons.items() if rule.holds(stored, now)]
