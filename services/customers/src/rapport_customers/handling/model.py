"""How customers are handled: guards its state and records what happens to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.model import Customer, CustomerKind, CustomerStage
from rapport_customers.handling.errors import InvalidDays, InvalidMoves, StageMoveNotAllowed
from rapport_customers.handling.requirements import (
    Requirements,
    check_requirements,
    checked_names,
    checked_requirements,
)
from rapport_customers.settings import CHANGEABLE
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.handling import CustomerHandlingUpdated
from rapport_shared.rights import schema_name

HANDLING_ID: Final = "customers"
MAX_DAYS: Final = 3650
DAYS: Final = ("quiet_days", "stage_days", "stale_days")
MAX_MOVES: Final = len(CustomerStage) * (len(CustomerStage) - 1)
Move = tuple[CustomerStage, CustomerStage]
_FOLLOWING: Final[Mapping[str, str]] = {
    "LEAD": "OPPORTUNITY CUSTOMER LOST",
    "OPPORTUNITY": "LEAD CUSTOMER LOST",
    "CUSTOMER": "REPEAT ADVOCATE CHURN_RISK LOST",
    "REPEAT": "ADVOCATE CHURN_RISK LOST",
    "ADVOCATE": "REPEAT CHURN_RISK LOST",
    "CHURN_RISK": "CUSTOMER REPEAT ADVOCATE LOST",
    "LOST": "LEAD OPPORTUNITY CUSTOMER REPEAT",
}
USUAL_MOVES: Final[tuple[Move, ...]] = tuple(
    (CustomerStage(stage), CustomerStage(after))
    for stage, following in _FOLLOWING.items()
    for after in following.split()
)


@dataclass(kw_only=True)
class Handling(Aggregate):
    """``moves`` are the (from, to) stages that people may move customers along.

    ``required_of_persons`` and ``required_of_companies`` are sets of fields, by their names in the schema: a new
    customer has a value in one field of each, and the last of these is never taken away. ``reason_required`` are fields
    that are not changed without a reason. ``follows_facts``: orders and deals won bring customers to their stage by
    themselves, whatever the moves are. A customer is to be dealt with after ``quiet_days`` in which nobody spoke with
    it, and after ``stage_days`` in a stage that is not to last; after ``stale_days`` without anything it is stale.
    """

    moves: tuple[Move, ...] = USUAL_MOVES
    follows_facts: bool = True
    quiet_days: int = 14
    stage_days: int = 30
    stale_days: int = 180
    required_of_persons: Requirements = ()
    required_of_companies: Requirements = ()
    reason_required: tuple[str, ...] = ()
    updated_at: datetime | None = None

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named. Nothing happens where nothing differs."""
        checked = {**changes}
        if "moves" in checked:
            checked["moves"] = _checked_moves(checked["moves"])
        for name in ("required_of_persons", "required_of_companies"):
            if name in checked:
                checked[name] = checked_requirements(checked[name], name)
        if "reason_required" in checked:
            checked["reason_required"] = checked_names(checked["reason_required"], CHANGEABLE, "reasonRequired")
        for name in filter(checked.__contains__, DAYS):
            if not 1 <= checked[name] <= MAX_DAYS:
                raise InvalidDays(f"This is from 1 to {MAX_DAYS}.", path=("input", schema_name(name)))
        changed = self.differing(checked)
        if not changed:
            return
        self.assign(checked)
        self.updated_at = now
        self.record(CustomerHandlingUpdated(handling_id=self.id, changed=changed))

    def check_complete(self, customer: Customer, before: Customer | None = None) -> None:
        """Raise RequiredFieldMissing for what a new customer lacks, or what a change has taken from one.

        Whoever lacked something ``before`` may go on lacking it, but not as a customer of another kind.
        """
        persons = customer.kind is CustomerKind.PERSON
        wanted = self.required_of_persons if persons else self.required_of_companies
        old = None if before is None or before.kind is not customer.kind else before
        check_requirements(wanted, customer, old)

    def check_move(self, stage: CustomerStage, after: CustomerStage) -> None:
        """Raise StageMoveNotAllowed where people may not move a customer from the one stage to the other."""
        if stage is not after and (stage, after) not in self.moves:
            following = ", ".join(each for before, each in self.moves if before is stage) or "nothing"
            message = f"A customer does not go from {stage} to {after}; {following} may follow."
            raise StageMoveNotAllowed(message, path=("input", "stage"))


def _checked_moves(moves: Iterable[Move]) -> tuple[Move, ...]:
    checked = tuple(dict.fromkeys(moves))
    if any(stage is after for stage, after in checked):
        raise InvalidMoves("A move leads to another stage.", path=("input", "moves"))
    return checked
