"""Records that hold personal values of a customer, and can be left without them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Final, TypeVar

from rapport_shared.actor import Actor
from rapport_shared.aggregate import Aggregate, Change
from rapport_shared.audit.trail import changed_fields
from rapport_shared.errors import RecordErased
from rapport_shared.mongo.client import Document
from rapport_shared.mongo.paging import MAX_PAGE_SIZE
from rapport_shared.persistence.repository import AggregateRepository

A = TypeVar("A", bound=Aggregate)
ERASED_TEXT = "[erased]"
"""Stands where a text cannot be absent."""
HOME = "home_id"
HUNG_ON = "hung_on"
APART: Final = frozenset({"_id", "erased_at", HOME, HUNG_ON})
"""What a document holds besides the fields of its aggregate."""


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

    async def follow(self, family: Sequence[str], customer_id: str, owner_id: str | None) -> int:
        """What was made for these customers hangs on ``customer_id`` from now on; how many records that are.

        ``family`` are the customers that are one with it, as far as they move: each record remembers whom it was made
        for (``home_id``), so that it finds back, and on whom it has hung (``hung_on``). Repeatable; versions stay.
        """
        for member in family:
            at_home = {"customer_id": member, HOME: None}
            kept = {"$set": {HOME: member, HUNG_ON: [member]}}
            await self._documents.update_many(at_home, kept, session=self._session)
        theirs = {HOME: {"$in": list(family)}}
        hung_on = {"$addToSet": {HUNG_ON: customer_id}}
        moved = {"$set": {"customer_id": customer_id, "customer_owner_id": owner_id}, **hung_on}
        result = await self._documents.update_many(theirs, moved, session=self._session)
        return result.matched_count

    async def ever_on(self, customer_ids: Sequence[str]) -> dict[str, list[A]] | None:
        """What hangs on some customers, or once hung on them, by customer, whoever's it is; two queries.

        None where that is more than a page. Rights are the caller's business.
        """
        found: dict[str, Document] = {}
        for field in ("customer_id", HUNG_ON):
            theirs = self._documents.find({field: {"$in": list(customer_ids)}}, session=self._session)
            found |= {row["_id"]: row for row in await theirs.limit(MAX_PAGE_SIZE + 1).to_list(None)}
        if len(found) > MAX_PAGE_SIZE:
            return None
        records: dict[str, list[A]] = {customer_id: [] for customer_id in customer_ids}
        for row in found.values():
            for customer_id in records.keys() & {row["customer_id"], *row.get(HUNG_ON, ())}:
                records[customer_id].append(self.from_document(row))
        return records

    async def keep(self, changes: Sequence[Change[A]], *, by: Actor) -> None:
        """Raises RecordErased where a change would bring personal values back."""
        for change in changes:
            if change.before is not None and change.before.get("erased_at") is not None:
                changed = set(changed_fields(change.aggregate, change.before, change.after)) & self.personal.keys()
                if any(change.after[name] != self.personal[name] for name in changed):
                    raise RecordErased(f"The texts of this {self.noun} were erased.", path=("input",))
