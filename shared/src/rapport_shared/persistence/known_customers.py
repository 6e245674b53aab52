"""What other services keep of customers, and how events change it."""

from abc import abstractmethod
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
from rapport_shared.mongo import Document, Projection
from rapport_shared.persistence.families import POINTER, pointer

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


class CustomerProjection(Projection):
    """The customers that a service has heard of, each with the ``kept`` part of its state."""

    @staticmethod
    @abstractmethod
    def kept(state: CustomerState) -> Document:
        """What the service keeps, merges aside."""

    async def take_over(self, event: CustomerEvent, envelope: Envelope) -> bool:
        """Keep the state that the event tells of; False where it is no news."""
        values = {**self.kept(event.after), **pointer(event.after.merged_into_id)}
        return await self.apply(event.customer_id, envelope.version, values)

    async def settles(self, event: CustomerCreated | CustomerUpdated, envelope: Envelope) -> bool:
        """Whether the event tells nothing that is kept here and not known; its version is noted then.

        A new customer of whom nobody has spoken is noted as well: nothing can have been made for it.
        """
        values = self.kept(event.after)
        if isinstance(event, CustomerCreated):
            return envelope.version == 1 and await self.begin(event.customer_id, envelope.version, values)
        same = {**values, POINTER: event.after.merged_into_id}
        return await self.confirm(event.customer_id, envelope.version, same)
