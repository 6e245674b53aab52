"""Records that hold personal values of a customer, and can be left without them."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, TypeVar

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate
from rapport_shared.audit.trail import changed_fields
from rapport_shared.errors import RecordErased
from rapport_shared.mongo.client import Document
from rapport_shared.persistence.repository import AggregateRepository

A = TypeVar("A", bound=Aggregate)
ERASED_TEXT = "[erased]"
"""Stands where a text cannot be absent."""


class ErasableRepository(AggregateRepository[A]):
    """Documents with a ``customer_id``; an erased one has ``erased_at``, which is no field of the aggregate."""

    personal: ClassVar[Mapping[str, Any]]
    """The fields that an erasure takes away, and what it leaves in their place."""

    async def erase(self, customer_id: str, at: datetime) -> list[str]:
        """Take the personal values out of all of a customer's records; their ids. Versions stay."""
        theirs = {"customer_id": customer_id}
        found = await self._documents.find(theirs, {"_id": 1}, session=self._session).to_list(None)
        bare = {"$set": {**self.personal, "erased_at": at}}
        await self._documents.update_many(theirs, bare, session=self._session)
        return [document["_id"] for document in found]

    async def keep(self, aggregate: A, before: Document | None, after: Document, *, by: Actor) -> None:
        """Raises RecordErased where a change would bring personal values back."""
        if before is not None and before.get("erased_at") is not None:
            changed = set(changed_fields(aggregate, before, after)) & self.personal.keys()
            if any(after[name] != self.personal[name] for name in changed):
                raise RecordErased(f"The texts of this {self.noun} were erased.", path=("input",))
