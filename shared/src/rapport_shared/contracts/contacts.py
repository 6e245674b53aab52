"""Events of the customers service about a customer's contacts."""

from dataclasses import dataclass

from rapport_shared.events import Event, event


@dataclass(frozen=True, kw_only=True)
class ContactState:
    """What a contact is to its customer, and what decides who may see it."""

    customer_id: str
    customer_owner_id: str | None
    role: str | None
    deleted: bool = False


@event("customers.contact.created", version=1, subject="contact_id")
class ContactCreated(Event):
    """A customer has a contact."""

    contact_id: str
    after: ContactState


@event("customers.contact.updated", version=1, subject="contact_id")
class ContactUpdated(Event):
    """A contact changed; ``changed`` names the fields, whose personal values are fetched by id."""

    contact_id: str
    changed: tuple[str, ...]
    before: ContactState
    after: ContactState


@event("customers.contact.deleted", version=1, subject="contact_id")
class ContactDeleted(Event):
    """A contact was put away; it can be restored."""

    contact_id: str
    before: ContactState
    after: ContactState


@event("customers.contact.restored", version=1, subject="contact_id")
class ContactRestored(Event):
    """A deleted contact is back."""

    contact_id: str
    before: ContactState
    after: ContactState
