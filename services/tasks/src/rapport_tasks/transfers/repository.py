"""What is known of transfers, and how far this service's part of each is."""

from typing import Final

from rapport_shared.actor import Actor, Via
from rapport_shared.contracts.transfers import TransferStarted
from rapport_shared.mongo import Database, Document, Index, Session
from rapport_tasks.tasks.model import UNFINISHED

COLLECTION: Final = "transfers"
TASKS: Final = "tasks"
INDEXES: Final = (Index(COLLECTION, (("left", 1), ("_id", 1)), only={"left": True}),)


class TransferRepository:
    """One document a transfer: ``{from_id, to_id, customer_ids, by, moved, left}``."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._database = database
        self._documents = database[COLLECTION]
        self._session = session

    async def begin(self, event: TransferStarted, by: str) -> None:
        """There are tasks to move; nothing where that was known."""
        asked = event.after
        row = {"from_id": asked.from_id, "to_id": asked.to_id, "customer_ids": asked.customer_ids}
        change = {"$setOnInsert": {**row, "by": by, "moved": 0, "left": True}}
        await self._documents.update_one({"_id": event.transfer_id}, change, upsert=True, session=self._session)

    async def running(self) -> str | None:
        """The oldest transfer with tasks left to move."""
        found = await self._documents.find({"left": True}, {"_id": 1}).sort("_id", 1).to_list(1)
        return found[0]["_id"] if found else None

    async def find(self, identifier: str) -> Document | None:
        """The transfer, while tasks are left to move."""
        return await self._documents.find_one({"_id": identifier, "left": True}, session=self._session)

    async def next_tasks(self, transfer: Document, limit: int) -> list[str]:
        """Unfinished tasks that are still the former assignee's."""
        theirs: Document = {
            "assignee_id": transfer["from_id"],
            "status": {"$in": sorted(status.value for status in UNFINISHED)},
        }
        if transfer["customer_ids"] is not None:
            theirs["customer_id"] = {"$in": transfer["customer_ids"]}
        found = self._database[TASKS].find(theirs, {"_id": 1}, session=self._session)
        return [row["_id"] for row in await found.limit(limit).to_list(None)]

    async def progress(self, identifier: str, moved: int, *, left: bool) -> None:
        """So many more tasks were moved, in the transaction that moves them."""
        change = {"$inc": {"moved": moved}, "$set": {"left": left}}
        await self._documents.update_one({"_id": identifier}, change, session=self._session)


def actor_of(transfer: Document) -> Actor:
    """Who moves what is moved, with the rights that were decided when the transfer began."""
    via = Via.SYSTEM if transfer["by"] == "system" else Via.USER
    return Actor(transfer["by"], "SYSTEM", via=via)
