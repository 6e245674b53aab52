"""Events of the interactions service."""

from dataclasses import dataclass
from datetime import datetime

from rapport_shared.contracts.customers import CustomersOwner
from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class InteractionState:
    """The business values of a communication record; what was said is fetched by id.

    ``customer_owner_id`` is the owner of the customer as the interactions service knew it then.
    """

    customer_id: str
    customer_owner_id: str | None
    author_id: str
    channel: str
    occurred_at: datetime
    intent: str | None = None
    next_follow_up_at: datetime | None = None
    deleted: bool = False


@event("interactions.interaction.recorded", version=1, subject="interaction_id")
class InteractionRecorded(Event):
    """A communication with a customer is on record."""

    interaction_id: str
    after: InteractionState


@event("interactions.interaction.updated", version=1, subject="interaction_id")
class InteractionUpdated(Event):
    """A communication record changed; ``changed`` names the fields."""

    interaction_id: str
    changed: tuple[str, ...]
    before: InteractionState
    after: InteractionState


@event("interactions.customer.handed_over", version=1, subject="customer_id")
class InteractionsHandedOver(Event):
    """The communication records of a customer are its new owner's; their versions stay.

    ``merged_customer_id``: whom they were made for, where a merge of that customer, or its undoing, is the reason.
    """

    customer_id: str
    before: CustomersOwner
    after: CustomersOwner
    merged_customer_id: str | None = None


@event("interactions.interaction.deleted", version=1, subject="interaction_id")
class InteractionDeleted(Event):
    """A communication record was taken off the record."""

    interaction_id: str
    before: InteractionState
    after: InteractionState
