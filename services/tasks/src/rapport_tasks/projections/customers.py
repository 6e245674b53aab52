"""Customers, as far as this service needs them: who looks after them, and whether they are still there."""

from dataclasses import dataclass

from rapport_shared.contracts.customers import (
    CustomerCreated,
    CustomerDeleted,
    CustomerErased,
    CustomerMerged,
    CustomerPurged,
    CustomerRestored,
    CustomerState,
    CustomerUnmerged,
    CustomerUpdated,
)
from rapport_shared.events import Envelope
from rapport_shared.mongo import Document, Projection
from rapport_shared.persistence.families import POINTER, family_index, pointer

COLLECTION = "customers"
INDEXES = (family_index(COLLECTION),)
HEARSAY = 0
"""The version of a customer that is known only because another service's event names it."""

MergeEvent = CustomerMerged | CustomerUnmerged
CustomerEvent = (
    CustomerCreated
    | CustomerUpdated
    | CustomerDeleted
    | CustomerRestored
    | CustomerErased
    | CustomerPurged
    | MergeEvent
)


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer as the last event told of it."""

    id: str
    owner_id: str | None
    deleted: bool
    erased: bool = False


class Customers(Projection):
    """The known customers: ``{_id, version, owner_id, deleted}``."""

    async def known(self, identifier: str) -> KnownCustomer | None:
        """The customer, if any event has told of it."""
        found = await self.find(identifier)
        return (
            None
            if found is None
            else KnownCustomer(identifier, found["owner_id"], found["deleted"], found.get("erased", False))
        )

    async def hold(self, identifier: str, *, owner_if_unknown: str | None = None) -> KnownCustomer:
        """The customer, kept from changing until this transaction ends.

        A task copies the customer's owner. Writing to the customer's record makes a change of owner at the same
        time collide with this transaction, so that one of the two runs again and sees the other's effect. A customer
        of whom nothing was heard yet is noted with ``owner_if_unknown``, until its own events say more.
        """
        change = {
            "$setOnInsert": {"version": HEARSAY, "owner_id": owner_if_unknown, "deleted": False},
            "$inc": {"held": 1},
        }
        await self._documents.update_one({"_id": identifier}, change, upsert=True, session=self._session)
        held = await self.known(identifier)
        assert held is not None  # noqa: S101 - it was written in this transaction
        return held


async def keep_customer(known: Customers, event: CustomerEvent, envelope: Envelope) -> bool:
    """Take over the state that the event tells of; False where it is no news."""
    values = {**_own_values(event.after), **pointer(event.after.merged_into_id)}
    return await known.apply(event.customer_id, envelope.version, values)


async def confirm_customer(known: Customers, event: CustomerCreated | CustomerUpdated, envelope: Envelope) -> bool:
    """Whether the event tells nothing that is kept here and not known; its version is noted then.

    A new customer of whom nobody has spoken is noted as well: nothing can have been made for it.
    """
    values = _own_values(event.after)
    if isinstance(event, CustomerCreated):
        return envelope.version == 1 and await known.begin(event.customer_id, envelope.version, values)
    same = {**values, POINTER: event.after.merged_into_id}
    return await known.confirm(event.customer_id, envelope.version, same)


def _own_values(state: CustomerState) -> Document:
    return {
        "owner_id": state.owner_id,
        "deleted": state.deleted,
        "erased": state.erased,
    }
