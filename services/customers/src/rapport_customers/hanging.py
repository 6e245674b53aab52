"""What hangs on a customer: stored with the customer's owner, who it belongs to."""

from collections.abc import Sequence
from typing import TypeVar

from rapport_shared.aggregate import Aggregate
from rapport_shared.persistence import ErasableRepository

A = TypeVar("A", bound=Aggregate)


class HangingRepository(ErasableRepository[A]):
    """Documents with ``customer_id`` and ``customer_owner_id``."""

    async def remove(self, customer_ids: Sequence[str]) -> list[str]:
        """Delete all of these customers' records for good; their ids."""
        theirs = {"customer_id": {"$in": list(customer_ids)}}
        found = await self._documents.find(theirs, {"_id": 1}, session=self._session).to_list(None)
        await self._documents.delete_many(theirs, session=self._session)
        return [document["_id"] for document in found]

    async def hand_over(self, customer_id: str, owner_id: str | None) -> None:
        """All of a customer's records belong to its new owner; their versions stay."""
        change = {"$set": {"customer_owner_id": owner_id}}
        await self._documents.update_many({"customer_id": customer_id}, change, session=self._session)
