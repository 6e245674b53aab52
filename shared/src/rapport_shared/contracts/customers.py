"""Events of the customers service."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class CustomerState:
    """The business values of a customer that decide who may see it and which filters it matches."""

    kind: str
    stage: str
    owner_id: str | None
    deleted: bool = False


@event("customers.customer.created", version=1, subject="customer_id")
class CustomerCreated(Event):
    """A customer exists."""

    customer_id: str
    after: CustomerState


@event("customers.customer.updated", version=1, subject="customer_id")
class CustomerUpdated(Event):
    """A customer changed; ``changed`` names the fields, whose personal values are fetched by id."""

    customer_id: str
    changed: tuple[str, ...]
    before: CustomerState
    after: CustomerState


@event("customers.customer.deleted", version=1, subject="customer_id")
class CustomerDeleted(Event):
    """A customer was put away; it can be restored."""

    customer_id: str
    before: CustomerState
    after: CustomerState


@event("customers.customer.restored", version=1, subject="customer_id")
class CustomerRestored(Event):
    """A deleted customer is back."""

    customer_id: str
    before: CustomerState
    after: CustomerState
