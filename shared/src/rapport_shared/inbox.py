"""Inbox rows: a handled event leaves one in the transaction of its effect, so a redelivery has none."""

from datetime import timedelta

from rapport_shared.clock import Clock
from rapport_shared.mongo.client import Database, Session
from rapport_shared.mongo.indexes import Index

COLLECTION = "inbox"
# Longer than any event can come again: sent outbox rows are kept for seven days.
INDEXES = (Index(COLLECTION, (("handled_at", 1),), expire_after=timedelta(days=14)),)


class Inbox:
    """The events that one consumer has handled."""

    def __init__(self, database: Database, session: Session, *, consumer: str, clock: Clock) -> None:
        self._rows = database[COLLECTION]
        self._session = session
        self._consumer = consumer
        self._clock = clock

    async def first_time(self, event_id: str) -> bool:
        """Note the event; False where it was handled before. Two rivals: the transaction of one is rolled back."""
        key = f"{self._consumer}:{event_id}"
        if await self._rows.find_one({"_id": key}, {"_id": 1}, session=self._session) is not None:
            return False
        await self._rows.insert_one({"_id": key, "handled_at": self._clock()}, session=self._session)
        return True
