"""Customers, as far as this service needs them: whom one may record interactions with, and whose they are."""

from dataclasses import dataclass
from typing import TypeAlias

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
from rapport_shared.mongo import Database, Document, Projection, Session
from rapport_shared.persistence.families import POINTER, family_index, pointer

COLLECTION = "customers"
INDEXES = (family_index(COLLECTION),)
MergeEvent: TypeAlias = CustomerMerged | CustomerUnmerged
CustomerEvent: TypeAlias = (
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
    """A customer that is not deleted; ``owner_id`` decides who reaches it."""

    id: str
    owner_id: str | None
    erased: bool = False


class KnownCustomers(Projection):
    """The known customers: ``{_id, version, kind, stage, owner_id, deleted}``."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        super().__init__(database, COLLECTION, session)

    async def present(self, identifier: str) -> KnownCustomer | None:
        """The customer, unless it is deleted or not known yet."""
        found = await self.find(identifier)
        return (
            None
            if found is None or found["deleted"]
            else KnownCustomer(identifier, found["owner_id"], found.get("erased", False))
        )

    async def hold(self, identifier: str) -> None:
        """Keep the customer as it is until the transaction ends.

        Writing to it makes a transaction that changes it meanwhile collide with this one, so that one of the two
        runs again: otherwise an interaction could be stored with the owner that its customer had a moment ago.
        """
        await self._documents.update_one({"_id": identifier}, {"$inc": {"holds": 1}}, session=self._session)


async def keep_customer(known: KnownCustomers, event: CustomerEvent, envelope: Envelope) -> bool:
    """Take over the state that the event tells of; False where a newer one is known."""
    values = {**_own_values(event.after), **pointer(event.after.merged_into_id)}
    return await known.apply(event.customer_id, envelope.version, values)


async def confirm_customer(known: KnownCustomers, event: CustomerCreated | CustomerUpdated, envelope: Envelope) -> bool:
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
        "kind": state.kind,
        "stage": state.stage,
        "owner_id": state.owner_id,
        "deleted": state.deleted,
        "erased": state.erased,
    }
