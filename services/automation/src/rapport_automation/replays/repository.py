"""Replays in MongoDB."""

from datetime import datetime

from rapport_automation.replays.model import Replay, ReplayStatus
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION = "replays"
INDEXES = (
    Index(COLLECTION, (("created_at", -1), ("_id", -1))),
    Index(COLLECTION, (("status", 1), ("_id", 1))),
)
_FIELDS = (
    "queue",
    "events",
    "since",
    "until",
    "status",
    "sent",
    "offset",
    "failure",
    "started_by_id",
    "created_at",
    "updated_at",
)


class ReplayRepository(AggregateRepository[Replay]):
    """One document a replay."""

    collection = COLLECTION
    noun = "replay"

    async def running(self) -> Replay | None:
        """The oldest replay that has not ended."""
        found = await self._documents.find({"status": ReplayStatus.RUNNING.value}).sort("_id", 1).to_list(1)
        return self.from_document(found[0]) if found else None

    async def progress(self, identifier: str, *, sent: int, offset: int, now: datetime) -> None:
        """Note how far a replay is; its version stays."""
        change = {"sent": sent, "offset": offset, "updated_at": now}
        await self._documents.update_one({"_id": identifier}, {"$set": change})

    def to_document(self, aggregate: Replay) -> Document:
        """The fields as they are."""
        values = {name: getattr(aggregate, name) for name in _FIELDS}
        return {**values, "events": list(aggregate.events), "status": aggregate.status.value}

    def from_document(self, document: Document) -> Replay:
        """Read what ``to_document`` wrote."""
        values = {name: document[name] for name in _FIELDS}
        values["events"], values["status"] = tuple(values["events"]), ReplayStatus(values["status"])
        return Replay(id=document["_id"], version=document["version"], **values)
