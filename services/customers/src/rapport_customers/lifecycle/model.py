"""A customer's stay in a stage, the milestones of its way, and what facts say of its stage; no I/O."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import pairwise
from typing import Final

from rapport_customers.customers.model import CustomerStage
from rapport_customers.deals.model import Deal, DealStatus
from rapport_shared.actor import Actor, Via

BY_ORDERS: Final = Actor("rule_orders", "SYSTEM", via=Via.RULE)
BY_DEALS: Final = Actor("rule_deals", "SYSTEM", via=Via.RULE)
"""The rules that move customers between stages by themselves, as the history names them."""
QUOTING: Final = frozenset({"PROPOSAL", "QUOTE", "QUOTATION"})
"""The keys of a pipeline's stages in which a deal waits for what the customer says to a quote."""
_BEFORE_BUYING: Final = frozenset({CustomerStage.LEAD, CustomerStage.OPPORTUNITY, CustomerStage.LOST})
_BEFORE_BUYING_AGAIN: Final = _BEFORE_BUYING | {CustomerStage.CUSTOMER, CustomerStage.CHURN_RISK}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """A customer's time in a stage; ``left_at`` and ``seconds`` are None while it lasts.

    ``previous`` is where it came from; ``by``, ``via`` and ``reason`` say who brought it here, how, and why.
    """

    customer_id: str
    stage: CustomerStage
    previous: CustomerStage | None
    entered_at: datetime
    occurred_at: datetime | None
    left_at: datetime | None
    seconds: int | None
    by: str
    via: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSummary:
    """How many customers are in a stage, and how long those who left it within some time had stayed, in seconds."""

    stage: CustomerStage
    customers: int
    left: int
    shortest: int | None
    mean: int | None
    longest: int | None


class MilestoneKind(StrEnum):
    """What marks a customer's way."""

    FIRST_CONTACT = "FIRST_CONTACT"
    QUOTE_FEEDBACK = "QUOTE_FEEDBACK"
    DEAL_WON = "DEAL_WON"
    FIRST_ORDER = "FIRST_ORDER"
    AFTER_SALES = "AFTER_SALES"
    REPURCHASE = "REPURCHASE"
    REFERRAL = "REFERRAL"


@dataclass(frozen=True, slots=True)
class Milestone:
    """When something first happened."""

    kind: MilestoneKind
    at: datetime


def stage_after_order(stage: CustomerStage, count: int) -> CustomerStage:
    """Where a customer stands with so many orders: the first makes it a CUSTOMER, another one REPEAT."""
    if count > 1 and stage in _BEFORE_BUYING_AGAIN:
        return CustomerStage.REPEAT
    if count == 1 and stage in _BEFORE_BUYING | {CustomerStage.CHURN_RISK}:
        return CustomerStage.CUSTOMER
    return stage


def stage_after_deal(stage: CustomerStage) -> CustomerStage:
    """Where a customer stands once a deal is won."""
    return CustomerStage.CUSTOMER if stage in _BEFORE_BUYING else stage


def quote_feedback(deals: Iterable[Deal]) -> datetime | None:
    """When a deal first went on from a stage in which it waited for what the customer says to a quote."""
    steps = (step for deal in deals for step in pairwise(deal.stages))
    return min((after.at for entry, after in steps if entry.stage in QUOTING), default=None)


def deal_won(deals: Iterable[Deal]) -> datetime | None:
    """When a deal was first won."""
    won = (deal.closed_at for deal in deals if deal.status is DealStatus.WON)
    return min((at for at in won if at is not None), default=None)


def milestones(found: Sequence[tuple[MilestoneKind, datetime | None]]) -> list[Milestone]:
    """Those that have been reached, by time."""
    reached = [Milestone(kind, at) for kind, at in found if at is not None]
    return sorted(reached, key=lambda milestone: milestone.at)
