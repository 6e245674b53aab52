"""Conditions put together, and counted."""

from rapport_shared.mongo.client import Collection, Document, Session


def every(*conditions: Document) -> Document:
    """All of the conditions as one, flat where their keys allow it: planners use indexes best that way.

    Empty conditions say nothing.
    """
    merged: Document = {}
    apart: list[Document] = []
    for condition in conditions:
        if merged.keys() & condition.keys():
            apart.append(condition)
        else:
            merged |= condition
    return {"$and": [merged, *apart]} if apart else merged


async def counted(collection: Collection, condition: Document, *, session: Session | None = None) -> int:
    """How many records match; where all do, by the index of ids, for else each record would be read."""
    given: Document = {} if condition else {"hint": "_id_"}
    return await collection.count_documents(condition, session=session, **given)
