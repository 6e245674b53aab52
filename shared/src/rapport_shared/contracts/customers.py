"""Events of the customers service."""

from dataclasses import dataclass
from datetime import datetime

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class CustomerState:
    """The business values of a customer that decide who may see it and which filters it matches."""

    kind: str
    stage: str
    owner_id: str | None
    deleted: bool = False
    erased: bool = False
    tier: str | None = None
    priority: str = "NORMAL"
    merged_into_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class CustomersOwner:
    """Who looks after a customer."""

    owner_id: str | None


@event("customers.customer.created", version=1, subject="customer_id")
class CustomerCreated(Event):
    """A customer exists; ``assigned_rule`` is the key of the assignment rule that chose its owner, where one did."""

    customer_id: str
    after: CustomerState
    assigned_rule: str | None = None


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


@event("customers.customer.consent_granted", version=1, subject="customer_id")
class CustomerConsentGranted(Event):
    """A customer agreed to a purpose at that time."""

    customer_id: str
    purpose: str
    at: datetime
    before: CustomerState
    after: CustomerState


@event("customers.customer.consent_withdrawn", version=1, subject="customer_id")
class CustomerConsentWithdrawn(Event):
    """A customer does not agree to a purpose, or not any more."""

    customer_id: str
    purpose: str
    at: datetime
    before: CustomerState
    after: CustomerState


@event("customers.customer.erased", version=1, subject="customer_id")
class CustomerErased(Event):
    """Everything personal about a customer is to be erased, wherever it is; its id stays, as an empty shell.

    ``request_id`` is the subject request that asked for it: services answer with their ``subject.erased``.
    """

    customer_id: str
    request_id: str
    before: CustomerState
    after: CustomerState


@event("customers.customer.purged", version=1, subject="customer_id")
class CustomerPurged(Event):
    """A customer that was put away long enough ago is gone for good: nothing personal about it may stay anywhere."""

    customer_id: str
    before: CustomerState
    after: CustomerState


@event("customers.customer.merged", version=1, subject="customer_id")
class CustomerMerged(Event):
    """A customer was found to be another one, who survives; what hangs on it hangs on the survivor from now on."""

    customer_id: str
    survivor_id: str
    merge_id: str
    before: CustomerState
    after: CustomerState
    survivor_owner_id: str | None = None


@event("customers.customer.unmerged", version=1, subject="customer_id")
class CustomerUnmerged(Event):
    """A merge was undone: this customer is back, with what hung on it before; what came later stays."""

    customer_id: str
    survivor_id: str
    merge_id: str
    before: CustomerState
    after: CustomerState
    survivor_owner_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class TierFigures:
    """What a customer's orders in one currency came to, and one of them on average, in ten-thousandths."""

    currency: str
    orders: int
    spend: int
    average: int


@event("customers.customer.tier_changed", version=1, subject="customer_id")
class CustomerTierChanged(Event):
    """A customer came to another tier, named by its key; the figures are those that decided."""

    customer_id: str
    from_tier: str | None
    to_tier: str | None
    order_count: int
    days_between_orders: int | None
    figures: tuple[TierFigures, ...]
    before: CustomerState
    after: CustomerState
