"""Which customers are to leave for good, in MongoDB."""

from datetime import datetime
from typing import Final

from rapport_shared.mongo import Database, Document, Index, Session

CUSTOMERS: Final = "customers"
INDEXES: Final = (
    Index(CUSTOMERS, (("deleted", 1), ("merged_into_id", 1), ("erased_at", 1), ("deleted_at", 1), ("_id", 1))),
)


class PurgeRepository:
    """Who was merged stays for as long as the survivor; who was erased is an empty shell already."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._customers = database[CUSTOMERS]
        self._session = session

    async def due(self, deleted_before: datetime, limit: int) -> list[str]:
        """Customers that were put away before that time, the longest ago first."""
        found = self._customers.find(_due(deleted_before), {"_id": 1}).sort("deleted_at", 1).limit(limit)
        return [document["_id"] for document in await found.to_list(None)]

    async def take(self, customer_id: str, deleted_before: datetime) -> bool:
        """Hold a customer that is to leave until this transaction ends; False where it was brought back."""
        condition = {"_id": customer_id, **_due(deleted_before)}
        result = await self._customers.update_one(condition, {"$inc": {"held": 1}}, session=self._session)
        return result.matched_count == 1


def _due(deleted_before: datetime) -> Document:
    return {"deleted": True, "merged_into_id": None, "erased_at": None, "deleted_at": {"$lt": deleted_before}}
