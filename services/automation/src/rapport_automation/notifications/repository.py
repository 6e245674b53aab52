"""Notifications in MongoDB: one document each, for half a year."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Final

from rapport_automation.notifications.model import Notification, NotificationKind
from rapport_shared.mongo import Database, Document, Index, Page, PageRequest, Session, every

COLLECTION: Final = "notifications"
KEPT: Final = timedelta(days=180)
INDEXES: Final = (
    Index(COLLECTION, (("user_id", 1), ("at", -1), ("_id", -1))),
    Index(COLLECTION, (("user_id", 1), ("read_at", 1), ("at", -1), ("_id", -1))),
    Index(COLLECTION, (("at", 1),), expire_after=KEPT),
)


class NotificationRepository:
    """Written when something happens; only reading changes them."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._documents = database[COLLECTION]
        self._session = session

    async def add(self, notifications: Iterable[Notification]) -> None:
        """Store new ones."""
        rows = [_document(each) for each in notifications]
        if rows:
            await self._documents.insert_many(rows, session=self._session)

    async def page(self, user_id: str, condition: Document, request: PageRequest) -> Page[Notification]:
        """One page of what a user was told, in one query."""
        if request.size == 0:
            return Page([], [], has_next=False, has_previous=False)
        query = request.query(every({"user_id": user_id}, condition))
        found = self._documents.find(query).sort(list(request.sort().items())).limit(request.size + 1)
        page = request.page(await found.to_list(None))
        return page.of([_notification(document) for document in page.items])

    async def count(self, user_id: str, condition: Document) -> int:
        """How many of what a user was told match."""
        return await self._documents.count_documents(every({"user_id": user_id}, condition))

    async def mark_read(self, user_id: str, identifiers: Sequence[str] | None, at: datetime) -> int:
        """Those of the user's that were unread are read now, all of them for None; how many."""
        unread: Document = {"user_id": user_id, "read_at": None}
        if identifiers is not None:
            unread["_id"] = {"$in": list(identifiers)}
        result = await self._documents.update_many(unread, {"$set": {"read_at": at}}, session=self._session)
        return result.modified_count


def _document(notification: Notification) -> Document:
    fields = asdict(notification)
    return {"_id": fields.pop("id"), **fields, "kind": notification.kind.value}


def _notification(document: Document) -> Notification:
    fields = {name: value for name, value in document.items() if name != "_id"}
    return Notification(id=document["_id"], **{**fields, "kind": NotificationKind(fields["kind"])})
