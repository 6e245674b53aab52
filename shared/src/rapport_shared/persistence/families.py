"""Customers that were merged, as the services that hear of them know them: who is one with whom."""

from collections.abc import Sequence
from typing import Any, Final

from rapport_shared.mongo import Index, Projection
from rapport_shared.persistence.erasable import ErasableRepository

POINTER: Final = "merged_into_id"
MAX_STEPS: Final = 50
"""How long a chain of merges is followed."""


def family_index(collection: str) -> Index:
    """What a projection of customers needs, whose records have ``merged_into_id`` where they were merged."""
    return Index(collection, ((POINTER, 1),), only={POINTER: {"$exists": True}})


def pointer(merged_into_id: str | None) -> dict[str, Any]:
    """What a projection keeps of a merge."""
    return {} if merged_into_id is None else {POINTER: merged_into_id}


async def bring_home(known: Projection, kept: ErasableRepository[Any], customer_id: str) -> int:
    """Hang what was made for a customer, and for those merged into it, on whoever it is now; how many records.

    It goes by what is known, not by what has just happened: events of several customers may come in any order, and
    each of them leaves the records where they belong as far as is known by then.
    """
    root = customer_id
    found = await known.find(root)
    for _ in range(MAX_STEPS):
        if found is None or POINTER not in found:
            break
        root = found[POINTER]
        found = await known.find(root)
    family = await _family(known, customer_id)
    return await kept.follow(family, root, None if found is None else found["owner_id"])


async def _family(known: Projection, customer_id: str) -> Sequence[str]:
    family = [customer_id]
    latest = [customer_id]
    while latest and len(family) <= MAX_STEPS:
        latest = [member for member in await known.having(POINTER, latest) if member not in family]
        family += latest
    return family
