"""What the sample company consists of. Keys are stable: they become external ids and idempotency keys."""

from dataclasses import dataclass, replace
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Staff:
    """A staff member; passwords are made at loading time, never planned."""

    key: str
    email: str
    name: str
    role: str
    title: str
    manager_key: str | None


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with the seller in charge."""

    key: str
    language: str
    kind: str
    name: str
    phone: str | None
    email: str | None
    source: str
    stage: str
    owner_key: str
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Interaction:
    """One communication, recorded by its author."""

    key: str
    customer_key: str
    author_key: str
    channel: str
    occurred_at: datetime
    participants: tuple[str, ...]
    content: str
    outcome: str | None
    intent: str | None
    next_follow_up_at: datetime | None


@dataclass(frozen=True, slots=True)
class Task:
    """One task; `status` is where it ends up after its creation as OPEN."""

    key: str
    customer_key: str | None
    creator_key: str
    assignee_key: str
    title: str
    description: str | None
    due_at: datetime
    priority: str
    status: str
    result: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything, in the order in which it can be created."""

    seed: int
    today: date
    staff: tuple[Staff, ...]
    customers: tuple[Customer, ...]
    interactions: tuple[Interaction, ...]
    tasks: tuple[Task, ...]

    def beyond(self, count: int) -> "Plan":
        """What this plan has beyond the plan of its first `count` customers; everything when `count` is 0."""
        if count == 0:
            return self
        more = {customer.key for customer in self.customers[count:]}
        return replace(
            self,
            customers=self.customers[count:],
            interactions=tuple(record for record in self.interactions if record.customer_key in more),
            tasks=tuple(record for record in self.tasks if record.customer_key in more),
        )
