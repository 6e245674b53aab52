"""What the rules have to go through in MongoDB: the sweep of all customers after a change of the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapport_shared.mongo import Database, Document, Session

CUSTOMERS: Final = "customers"
SWEEPS: Final = "rule_sweeps"
_ID: Final = "rules"
SWEPT_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Sweep:
    """How far all customers have been marked since the rules changed for the ``generation``-th time."""

    generation: int
    after: str | None


class SweepRepository:
    """One document: rules that change, change it in their transaction."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._documents = database[SWEEPS]
        self._customers = database[CUSTOMERS]
        self._session = session

    async def current(self) -> Sweep:
        """How far the sweep is; of generation 0 where no rule ever was."""
        found = await self._documents.find_one({"_id": _ID}, session=self._session)
        return Sweep(0, None) if found is None else Sweep(found["generation"], found["after"])

    async def start(self) -> None:
        """All customers are to be looked at again."""
        change: Document = {"$inc": {"generation": 1}, "$set": {"after": ""}}
        await self._documents.update_one({"_id": _ID}, change, upsert=True, session=self._session)

    async def following(self, sweep: Sweep) -> list[str]:
        """The ids of the customers that are next."""
        following = self._customers.find({"_id": {"$gt": sweep.after}}, {"_id": 1}).sort("_id", 1)
        return [each["_id"] for each in await following.limit(SWEPT_AT_ONCE).to_list(None)]

    async def advance(self, sweep: Sweep, marked: Sequence[str]) -> None:
        """These are marked, unless the rules have changed again; without any, the sweep is at its end."""
        here = {"_id": _ID, "generation": sweep.generation, "after": sweep.after}
        await self._documents.update_one(here, {"$set": {"after": marked[-1] if marked else None}})


class MembershipRepository:
    """Customers' records, as far as rules read them and keep in them which segments they are in."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._customers = database[CUSTOMERS]
        self._session = session

    async def find(self, customer_ids: Iterable[str]) -> dict[str, Document]:
        """The records of these customers by id; one query."""
        found = self._customers.find({"_id": {"$in": list(customer_ids)}}, session=self._session)
        return {document["_id"]: document async for document in found}

    async def keep(self, customer_id: str, segments: Sequence[str], flips: int) -> None:
        """Keep the segments that a customer is in, and how many times it ever entered or left one."""
        kept: Document = {"segments": list(segments), "segment_flips": flips}
        await self._customers.update_one({"_id": customer_id}, {"$set": kept}, session=self._session)
