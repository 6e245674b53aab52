"""Customers change hands and are merged in their own service: what another one hears of it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rapport_shared.clock import Clock
from rapport_shared.contracts.customers import CustomerMerged, CustomerState, CustomerUnmerged, CustomerUpdated
from rapport_shared.delivery import Handlers
from rapport_shared.events import Envelope, Event
from rapport_shared.ids import new_event_id
from rapport_shared.persistence import Transactions


@dataclass
class CustomersElsewhere:
    """Three customers of two owners; the last two become one, and two again."""

    transactions: Transactions[Any]
    handlers: Handlers[Any]
    clock: Clock
    chance: random.Random
    people: Sequence[str]
    ids: Sequence[str] = ("cus_a", "cus_b", "cus_c")
    merges: int = 0
    _owners: dict[str, str] = field(default_factory=dict)
    _versions: dict[str, int] = field(default_factory=dict)
    _merged_into: dict[str, str] = field(default_factory=dict)

    async def begin(self) -> None:
        """There they are."""
        for customer in self.ids:
            await self.change_owner(customer, self.people[0])

    async def hand_over(self) -> None:
        """One of them gets another owner, or the same again."""
        customer = self.chance.choice([known for known in self.ids if known not in self._merged_into])
        await self.change_owner(customer, self.chance.choice(self.people))

    async def merge(self) -> None:
        """The last is found to be the one before it, or not to be."""
        survivor, other = self.ids[-2:]
        merge: dict[str, Any] = {
            "customer_id": other,
            "survivor_id": survivor,
            "merge_id": "mrg_1",
            "before": self._state(other),
        }
        if self._merged_into.pop(other, None):
            await self._hear(CustomerUnmerged(**merge, after=self._state(other)))
        else:
            self._merged_into[other] = survivor
            await self._hear(CustomerMerged(**merge, after=self._state(other)))
            self.merges += 1

    async def change_owner(self, customer: str, owner: str) -> None:
        """It belongs to somebody else."""
        before = self._state(customer)
        self._owners[customer] = owner
        after = self._state(customer)
        await self._hear(CustomerUpdated(customer_id=customer, changed=("owner_id",), before=before, after=after))

    def _state(self, customer: str) -> CustomerState:
        into, owner = self._merged_into.get(customer), self._owners.get(customer)
        return CustomerState(kind="PERSON", stage="LEAD", owner_id=owner, deleted=into is not None, merged_into_id=into)

    async def _hear(self, event: Event) -> None:
        version = self._versions[event.subject] = self._versions.get(event.subject, 0) + 1
        envelope = Envelope(
            id=new_event_id(),
            routing_key=event.routing_key,
            source="/rapport/customers",
            subject=event.subject,
            time=self.clock(),
            version=version,
            actor="usr_admin",
            correlation_id="c",
        )
        await self.transactions.run(lambda work: self.handlers[type(event)](event, envelope, work))
