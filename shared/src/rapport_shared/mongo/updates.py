"""Changing many documents in one call."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from pymongo import UpdateOne
from pymongo.errors import BulkWriteError

from rapport_shared.mongo.client import Collection, Document, DuplicateKey, Session

_DUPLICATE: Final = 11000


async def update_each(
    documents: Collection, which: Iterable[Document], change: Document, *, upsert: bool = False
) -> None:
    """Change the document of each of these conditions, in one call; with ``upsert``, make those that are missing.

    Outside a transaction, and one after the other: the embedded database holds a collection while an update of many
    waits for a document, and whoever has that document in a transaction may be waiting for the collection.
    """
    await documents.bulk_write([UpdateOne(each, change, upsert=upsert) for each in which], ordered=False)


async def update_all(
    documents: Collection, changes: Sequence[tuple[Document, Document]], *, session: Session, upsert: bool = False
) -> int:
    """Make the change of each (condition, change) in a transaction, in one call; how many conditions were met.

    Raises DuplicateKey, which ends the transaction.
    """
    if not changes:
        return 0
    with _duplicates():
        writes = [UpdateOne(condition, change, upsert=upsert) for condition, change in changes]
        result = await documents.bulk_write(writes, session=session)
    return result.matched_count


async def insert_all(documents: Collection, rows: Sequence[Document], *, session: Session) -> None:
    """Insert the documents in a transaction, in one call. Raises DuplicateKey, which ends the transaction."""
    if rows:
        with _duplicates():
            await documents.insert_many(rows, session=session)


@contextmanager
def _duplicates() -> Iterator[None]:
    """What a single write raises where a value is taken."""
    try:
        yield
    except BulkWriteError as wrong:
        for error in wrong.details["writeErrors"]:
            if error["code"] == _DUPLICATE:
                raise DuplicateKey(error["errmsg"], error["code"], error) from None
        raise
