"""Which customers the rules are to look at, and when: a small row beside each customer's record.

A row is ``{_id: the customer's id, due_at, marks}``. Every change of a customer and of its facts sets ``due_at`` to the
past and counts in ``marks``, in its own transaction: a row with the same ``marks`` is of a customer that is as it was
seen. It is not in the customer's record, which has many indexes and which people change at the same time; and whoever
needs the customer to stay as it is until a transaction ends writes to its row, so that a change collides with that.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from rapport_shared.mongo import Database, Document, Index, Session, update_all, update_each

ATTENTION: Final = "customer_attention"
INDEXES: Final = (Index(ATTENTION, (("due_at", 1), ("_id", 1))),)
NOW_DUE: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MARK: Final[Document] = {"$set": {"due_at": NOW_DUE}, "$inc": {"marks": 1}}


class AttentionRepository:
    """Customers by the time at which to look at them."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._rows = database[ATTENTION]
        self._session = session
        self._marked: set[str] = set()

    async def mark(self, customer_ids: Sequence[str]) -> None:
        """Let the rules look at customers that change in this transaction; one call, and once is enough."""
        assert self._session is not None  # noqa: S101 - outside a transaction there is ``mark_each``
        new = dict.fromkeys(identifier for identifier in customer_ids if identifier not in self._marked)
        self._marked.update(new)
        marks: list[tuple[Document, Document]] = [({"_id": identifier}, _MARK) for identifier in new]
        await update_all(self._rows, marks, session=self._session, upsert=True)

    async def hold(self, customer_id: str) -> None:
        """Keep a customer from changing until this transaction ends."""
        await self._rows.update_one({"_id": customer_id}, {"$inc": {"held": 1}}, upsert=True, session=self._session)

    async def mark_each(self, customer_ids: Sequence[str]) -> None:
        """Let the rules look at these customers, outside a transaction; one call."""
        if customer_ids:
            await update_each(self._rows, ({"_id": identifier} for identifier in customer_ids), _MARK, upsert=True)

    async def due(self, now: datetime, limit: int) -> list[Document]:
        """The rows of the customers to be looked at, the longest due first."""
        waiting = self._rows.find({"due_at": {"$lte": now}}).sort([("due_at", 1), ("_id", 1)])
        return await waiting.limit(limit).to_list(None)

    async def postpone(self, seen: Sequence[Document], until: datetime | None) -> None:
        """Look at the customers of these rows again then, unless they have changed since the rows were read."""
        if seen:
            same = ({"_id": row["_id"], "marks": row.get("marks")} for row in seen)
            await update_each(self._rows, same, {"$set": {"due_at": until}})

    async def conclude(self, customer_id: str, until: datetime | None) -> None:
        """Look at a customer again then, in the transaction that looked at it."""
        await self._rows.update_one({"_id": customer_id}, {"$set": {"due_at": until}}, session=self._session)

    async def remove(self, customer_ids: Sequence[str]) -> None:
        """Forget customers that are gone for good."""
        await self._rows.delete_many({"_id": {"$in": list(customer_ids)}}, session=self._session)
