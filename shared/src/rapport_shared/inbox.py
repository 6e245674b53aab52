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

    async def note(self, event_id: str) -> None:
        """Note that the event is handled, in the transaction of its effect.

        Raises DuplicateKey where it was handled before, or is being handled by a rival whose transaction may yet be
        rolled back: whoever runs again asks ``noted`` first.
        """
        await self._rows.insert_one({"_id": self._key(event_id), "handled_at": self._clock()}, session=self._session)

    async def noted(self, event_id: str) -> bool:
        """Whether the event was handled before."""
        found = await self._rows.find_one({"_id": self._key(event_id)}, {"_id": 1}, session=self._session)
        return found is not None

    def _key(self, event_id: str) -> str:
        return f"{self._consumer}:{event_id}"
