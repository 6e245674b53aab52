"""What a profile says, and to whom; no I/O."""

from dataclasses import dataclass
from enum import StrEnum

from rapport_customers.customers.facts import CustomerFacts
from rapport_customers.needs.model import NeedKind, NeedStatus
from rapport_customers.rules.reading import need_mark
from rapport_shared.actor import Actor
from rapport_shared.rights import Policy, Reach, Verb


class ProfileSource(StrEnum):
    """Which records a part is drawn from, as their events name them."""

    CUSTOMER = "customers.customer"
    ORDER = "customers.order"
    NEED = "customers.need"
    INTERACTION = "interactions.interaction"
    TASK = "tasks.task"


class ProfileIntent(StrEnum):
    """How much the customer wanted to buy, as the author of the last communication judged."""

    HIGH = "HIGH"
    MEDIUM = "MEDIUM"
    LOW = "LOW"


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """What of a profile somebody may be told."""

    orders: bool
    totals: bool
    communications: bool
    intent: bool
    tasks: bool
    due: bool
    needs: bool


def disclosure(policy: Policy, by: Actor, owner_id: str | None) -> Disclosure:
    """What ``by`` may be told of a customer of this owner that they may read.

    A part sums up all records of a kind, so that it is for whoever may read each of them; and what it draws from one
    field is for whom that field is not hidden from.
    """

    def reads(type_name: str) -> bool:
        scope = policy.scope(by, Verb.READ, type_name)
        if scope.reach in {Reach.ALL, Reach.NONE}:
            return scope.reach is Reach.ALL
        return "customer_owner_id" in scope.owner_fields and owner_id in scope.owners

    def shown(type_name: str, field: str) -> bool:
        return field not in policy.fields(by, type_name).hidden

    return Disclosure(
        orders=reads("Order"),
        totals=shown("Order", "total"),
        communications=reads("Interaction"),
        intent=shown("Interaction", "intent"),
        tasks=reads("Task"),
        due=shown("Task", "dueAt"),
        needs=reads("Need"),
    )


def open_kinds(facts: CustomerFacts) -> list[NeedKind]:
    """The kinds of needs that are open, in the order in which the kinds are declared."""
    return [kind for kind in NeedKind if need_mark(kind, NeedStatus.OPEN) in facts.needs]


def known_intent(intent: str | None) -> ProfileIntent | None:
    """None also for what a later release of the other service says."""
    return ProfileIntent(intent) if intent in set(ProfileIntent) else None
