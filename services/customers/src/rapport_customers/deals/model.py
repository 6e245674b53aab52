"""A deal: what may be sold to a customer, on its way through a pipeline."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from rapport_customers.contacts.model import DecisionRole
from rapport_customers.customers.values import valid_name, valid_text
from rapport_customers.deals.errors import InvalidDecisionChain, ReasonRequired
from rapport_customers.deals.lines import Line, total, valid_lines
from rapport_customers.pipelines.model import Stage, StageKind
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.deals import DealCreated, DealDeleted, DealRestored, DealState, DealUpdated
from rapport_shared.money import Money


class DealStatus(StrEnum):
    """Whether a deal is decided; it follows from its stage."""

    OPEN = "OPEN"
    WON = "WON"
    LOST = "LOST"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageEntry:
    """A deal came to a stage; ``by`` is the user's id."""

    stage: str
    at: datetime
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainLink:
    """Which part a contact has in the decision on one deal."""

    contact_id: str
    role: DecisionRole


MAX_CHAIN: Final = 50


def _valid_chain(links: Sequence[ChainLink]) -> tuple[ChainLink, ...]:
    if len(links) > MAX_CHAIN or len({link.contact_id for link in links}) < len(links):
        message = f"A decision chain names at most {MAX_CHAIN} contacts, each once."
        raise InvalidDecisionChain(message, path=("input", "decisionChain"))
    return tuple(links)


_RULES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "name": valid_name,
    "amount": lambda value: value,
    "lines": valid_lines,
    "expected_close_at": lambda value: value,
    "source": lambda value: valid_text(value, "source"),
    "decision_chain": _valid_chain,
}


@dataclass(kw_only=True)
class Deal(Aggregate):
    """``amount`` is what the deal is worth: the sum of its lines, unless it was set; times are UTC.

    ``decision_chain`` is None where whoever decides at the customer decides.
    """

    customer_id: str
    customer_owner_id: str | None
    name: str
    pipeline_id: str
    stage: str
    status: DealStatus = DealStatus.OPEN
    amount: Money | None = None
    lines: tuple[Line, ...] = ()
    expected_close_at: datetime | None = None
    source: str | None = None
    decision_chain: tuple[ChainLink, ...] | None = None
    stages: tuple[StageEntry, ...] = ()
    closed_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    deleted_at: datetime | None = None

    @classmethod
    def create(
        cls, identifier: str, details: Mapping[str, Any], *, stage: Stage, by: str, now: datetime, **customer: Any
    ) -> "Deal":
        """A new deal in ``stage``; ``customer`` names pipeline_id, customer_id and customer_owner_id."""
        checked = _checked(details)
        deal = cls(id=identifier, stage=stage.key, created_at=now, updated_at=now, **customer, **checked)
        deal._enter(stage, by=by, reason=None, now=now)
        deal.record(DealCreated(deal_id=identifier, after=deal.state()))
        return deal

    def update(self, changes: Mapping[str, Any], *, now: datetime) -> None:
        """Set what is named; None clears. Nothing happens where nothing differs."""
        checked = _checked(changes)
        changed = self.differing(checked)
        if not changed:
            return
        before = self.state()
        self.assign(checked)
        self.updated_at = now
        self.record(DealUpdated(deal_id=self.id, changed=changed, before=before, after=self.state()))

    def move(self, stage: Stage, *, by: str, reason: str | None, now: datetime) -> None:
        """Bring the deal to a stage; raises ReasonRequired where it is lost, or taken up again, without one."""
        if stage.key == self.stage:
            return
        needs_reason = stage.kind is StageKind.LOST or self.status is not DealStatus.OPEN
        if needs_reason and reason is None:
            raise ReasonRequired("Say why the deal is lost, or taken up again.", path=("input", "reason"))
        before, status = self.state(), self.status
        self._enter(stage, by=by, reason=reason, now=now)
        self.updated_at = now
        changed = ("stage", "status") if status is not self.status else ("stage",)
        self.record(DealUpdated(deal_id=self.id, changed=changed, before=before, after=self.state()))

    def delete(self, *, now: datetime) -> None:
        """Put the deal away."""
        before = self.state()
        self.deleted_at = self.updated_at = now
        self.record(DealDeleted(deal_id=self.id, before=before, after=self.state()))

    def restore(self, *, now: datetime) -> None:
        """Bring the deal back; nothing happens where it was not deleted."""
        if self.deleted_at is None:
            return
        before = self.state()
        self.deleted_at, self.updated_at = None, now
        self.record(DealRestored(deal_id=self.id, before=before, after=self.state()))

    def state(self) -> DealState:
        """What others may know."""
        return DealState(
            customer_id=self.customer_id,
            customer_owner_id=self.customer_owner_id,
            pipeline_id=self.pipeline_id,
            stage=self.stage,
            status=self.status.value,
            deleted=self.deleted_at is not None,
        )

    def _enter(self, stage: Stage, *, by: str, reason: str | None, now: datetime) -> None:
        self.stage = stage.key
        self.status = DealStatus(stage.kind.value)
        self.closed_at = None if stage.kind is StageKind.OPEN else now
        why = None if reason is None else valid_text(reason, "reason")
        self.stages = (*self.stages, StageEntry(stage=stage.key, at=now, by=by, reason=why))


def _checked(details: Mapping[str, Any]) -> dict[str, Any]:
    checked: dict[str, Any] = {name: None if value is None else _RULES[name](value) for name, value in details.items()}
    if "lines" in checked:
        checked["lines"] = checked["lines"] or ()
        checked.setdefault("amount", total(checked["lines"]))
    return checked
