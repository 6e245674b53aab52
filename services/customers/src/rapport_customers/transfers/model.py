"""A transfer: guards its state and records what happens to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from rapport_customers.transfers.errors import InvalidTransfer
from rapport_shared.actor import Actor, Via
from rapport_shared.aggregate import Aggregate
from rapport_shared.contracts.transfers import TransferCompleted, TransferStarted, TransferState
from rapport_shared.text import printable

MAX_NOTE: Final = 500
MAX_CUSTOMERS: Final = 1000
DEACTIVATED: Final = "The user was deactivated."


@dataclass(kw_only=True)
class Transfer(Aggregate):
    """From a user to another, or to nobody (``to_id`` is None): then customers are in the pool, and tasks nobody's.

    ``customer_ids`` are the customers that it is about, with the tasks about them; None for all of the user's.
    ``customers_left`` is whether customers may still have to be moved, ``tasks_left`` the same of tasks.
    """

    from_id: str
    to_id: str | None
    customers: bool
    tasks: bool
    customer_ids: tuple[str, ...] | None
    note: str
    by: str
    via: str
    customers_left: bool
    tasks_left: bool
    customers_moved: int = 0
    tasks_moved: int = 0
    created_at: datetime
    ended_at: datetime | None = None

    @classmethod
    def start(
        cls,
        identifier: str,
        *,
        from_id: str,
        to_id: str | None,
        customers: bool,
        tasks: bool,
        customer_ids: Sequence[str] | None,
        note: str,
        by: Actor,
        now: datetime,
    ) -> "Transfer":
        """A new transfer. Raises InvalidTransfer."""
        text = printable(note, lines=True)
        if not text or len(text) > MAX_NOTE:
            raise InvalidTransfer(f"A hand-over note has 1 to {MAX_NOTE} printable characters.", path=("input", "note"))
        if from_id == to_id:
            raise InvalidTransfer("A transfer is from one user to another.", path=("input", "toId"))
        if not customers and not tasks:
            raise InvalidTransfer("A transfer moves customers, tasks or both.", path=("input", "parts"))
        chosen = None if customer_ids is None else tuple(dict.fromkeys(customer_ids))
        if chosen is not None and not 1 <= len(chosen) <= MAX_CUSTOMERS:
            raise InvalidTransfer(f"A transfer names 1 to {MAX_CUSTOMERS} customers.", path=("input", "customerIds"))
        transfer = cls(
            id=identifier,
            from_id=from_id,
            to_id=to_id,
            customers=customers,
            tasks=tasks,
            customer_ids=chosen,
            note=text,
            by=by.id,
            via=by.via.value,
            customers_left=customers,
            tasks_left=tasks,
            created_at=now,
        )
        transfer.record(TransferStarted(transfer_id=identifier, after=transfer.state()))
        return transfer

    @property
    def actor(self) -> Actor:
        """Who moves what is moved, with the rights that were decided when it began."""
        return Actor(self.by, "SYSTEM", via=Via(self.via))

    def customers_done(self, *, now: datetime) -> None:
        """No customer is left to move."""
        self.customers_left = False
        self._end(now)

    def tasks_done(self, records: int, *, now: datetime) -> None:
        """No task is left to move."""
        self.tasks_left, self.tasks_moved = False, records
        self._end(now)

    def state(self) -> TransferState:
        """What others may know."""
        return TransferState(
            from_id=self.from_id,
            to_id=self.to_id,
            customers=self.customers,
            tasks=self.tasks,
            customer_ids=self.customer_ids,
            done=self.ended_at is not None,
        )

    def _end(self, now: datetime) -> None:
        if self.ended_at is None and not self.customers_left and not self.tasks_left:
            before = self.state()
            self.ended_at = now
            self.record(TransferCompleted(transfer_id=self.id, before=before, after=self.state()))
