"""Customers, as far as this service needs them: who looks after them, and whether they are still there."""

from dataclasses import dataclass

from rapport_shared.contracts.customers import CustomerState
from rapport_shared.mongo import Document
from rapport_shared.persistence.families import family_index
from rapport_shared.persistence.known_customers import CustomerProjection

COLLECTION = "customers"
INDEXES = (family_index(COLLECTION),)
HEARSAY = 0
"""The version of a customer that is known only because another service's event names it."""


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """A customer as the last event told of it."""

    id: str
    owner_id: str | None
    deleted: bool
    erased: bool = False


class Customers(CustomerProjection):
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

    @staticmethod
    def kept(state: CustomerState) -> Document:
        """See the class."""
        return {
            "owner_id": state.owner_id,
            "deleted": state.deleted,
            "erased": state.erased,
        }
