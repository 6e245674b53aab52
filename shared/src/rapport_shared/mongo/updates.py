"""Changing many documents outside a transaction."""

from collections.abc import Iterable

from pymongo import UpdateOne

from rapport_shared.mongo.client import Collection, Document


async def update_each(
    documents: Collection, which: Iterable[Document], change: Document, *, upsert: bool = False
) -> None:
    """Change the document of each of these conditions, in one call; with ``upsert``, make those that are missing.

    One after the other: the embedded database holds a collection while an update of many waits for a document, and
    whoever has that document in a transaction may be waiting for the collection.
    """
    await documents.bulk_write([UpdateOne(each, change, upsert=upsert) for each in which], ordered=False)
