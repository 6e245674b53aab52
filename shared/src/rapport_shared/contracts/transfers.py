"""Events of transfers: what somebody looks after becomes another's."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class TransferState:
    """Whose customers and tasks become whose; ``to_id`` is None for nobody's.

    ``customer_ids`` are the customers that it is about, with the tasks about them; None for all of the user's.
    """

    from_id: str
    to_id: str | None
    customers: bool
    tasks: bool
    customer_ids: tuple[str, ...] | None = None
    done: bool = False


@event("customers.transfer.started", version=1, subject="transfer_id")
class TransferStarted(Event):
    """A transfer begins; every service moves its part of it."""

    transfer_id: str
    after: TransferState


@event("customers.transfer.completed", version=1, subject="transfer_id")
class TransferCompleted(Event):
    """Every part of a transfer is done."""

    transfer_id: str
    before: TransferState
    after: TransferState


@event("tasks.transfer.completed", version=1, subject="transfer_id")
class TasksTransferred(Event):
    """The open tasks of a transfer are another's; ``records`` is how many."""

    transfer_id: str
    records: int
