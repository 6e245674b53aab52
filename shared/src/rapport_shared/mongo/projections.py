"""What a service keeps of others' data: fed by events, never written by its own use cases."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from rapport_shared.mongo.client import Database, Document, DuplicateKey, Session

T = TypeVar("T")
PROJECTION_WAIT_SECONDS = 2.0


class Projection:
    """A collection of others' records, each as its newest known version."""

    def __init__(self, database: Database, collection: str, session: Session | None = None) -> None:
        self._documents = database[collection]
        self._session = session
        self._seen: dict[str, Document | None] = {}  # in a transaction: what it has read and not replaced

    async def find(self, identifier: str) -> Document | None:
        """The record as known here."""
        found = await self._documents.find_one({"_id": identifier}, session=self._session)
        if self._session is not None:
            self._seen[identifier] = found
        return found

    async def having(self, field: str, values: Sequence[str]) -> list[str]:
        """The ids of the records whose ``field`` is one of these."""
        found = self._documents.find({field: {"$in": list(values)}}, {"_id": 1}, session=self._session)
        return [record["_id"] async for record in found]

    async def apply(self, identifier: str, version: int, values: Document) -> bool:
        """Take over a newer state; False, and nothing done, where the known one is as new or newer."""
        if identifier not in self._seen:
            self._seen[identifier] = await self.find(identifier)
        known = self._seen.pop(identifier)
        if known is not None and known["version"] >= version:
            return False
        document = {"_id": identifier, **values, "version": version}
        await self._documents.replace_one({"_id": identifier}, document, upsert=True, session=self._session)
        return True

    async def begin(self, identifier: str, version: int, values: Document) -> bool:
        """Take over the state of a record of which nothing is known; False, and nothing done, where something is.

        One command, which needs no transaction.
        """
        try:
            await self._documents.insert_one({"_id": identifier, **values, "version": version})
        except DuplicateKey:
            return False
        return True

    async def confirm(self, identifier: str, version: int, values: Document) -> bool:
        """Note the newer version of a state that is as it was; False, and nothing done, where it is not known to be.

        A value of None is also that of a field which the record lacks. One command, which needs no transaction.
        """
        same = {"_id": identifier, "version": {"$lt": version}, **values}
        confirmed = await self._documents.update_one(same, {"$set": {"version": version}}, session=self._session)
        return confirmed.matched_count == 1


async def eventually(look: Callable[[], Awaitable[T | None]], *, seconds: float = PROJECTION_WAIT_SECONDS) -> T | None:
    """Look until something is found, bounded: a command may refer to what this service is about to hear of."""
    deadline = asyncio.get_running_loop().time() + seconds
    pause = 0.02
    while True:
        found = await look()
        if found is not None or asyncio.get_running_loop().time() + pause > deadline:
            return found
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.2)
