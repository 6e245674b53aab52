"""Conditions put together."""

from rapport_shared.mongo.client import Document


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
