"""The rows in which a service keeps what it has heard of identity's users, roles, teams, keys and sessions."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from rapport_shared.mongo import Database, Document, Index, Projection, Session

COLLECTION: Final = "access"
_COUNTERS: Final = "access_counters"
_FORMER_COLLECTION: Final = "users"
INDEXES: Final = (
    Index(COLLECTION, (("seq", 1),)),
    Index(COLLECTION, (("team_id", 1), ("_id", 1)), only={"team_id": {"$type": "string"}}),
    Index(COLLECTION, (("expire_at", 1),), expire_after=timedelta(0)),
)


class Kind(StrEnum):
    """What a row is about."""

    USER = "USER"
    ROLE = "ROLE"
    TEAM = "TEAM"
    KEY = "KEY"
    SESSION = "SESSION"


class AccessRecords(Projection):
    """One row each: ``{_id, kind, version, seq, ...}``; ``seq`` counts the changes of the collection.

    Users have ``role, active, team_id``; roles ``label, grants, fields, deleted``; teams ``parent_id, deleted``; keys
    ``role, owner_id, active, expires_at``; a session has a row once it has ended, until ``expire_at``.
    """

    def __init__(self, database: Database, session: Session | None = None) -> None:
        super().__init__(database, COLLECTION, session)
        self._counters = database[_COUNTERS]

    async def keep(
        self, identifier: str, version: int, kind: Kind, values: Document, *, expire_at: datetime | None = None
    ) -> None:
        """Take over a newer state, in a transaction.

        Transactions that do so collide on the counter, so that their order is that of their commits: whoever reads
        rows by ``seq`` never passes over one that is committed later.
        """
        await self._counters.update_one({"_id": COLLECTION}, {"$inc": {"seq": 1}}, upsert=True, session=self._session)
        counter = await self._counters.find_one({"_id": COLLECTION}, session=self._session)
        assert counter is not None  # noqa: S101 - it was written in this transaction
        row = {"kind": kind.value, "seq": counter["seq"], **values}
        if expire_at is not None:
            row["expire_at"] = expire_at
        await self.apply(identifier, version, row)

    async def team_of(self, user_id: str) -> list[str]:
        """The active users of a user's team, in the order of their ids: the user alone where there is no team."""
        user = await self.find(user_id)
        if user is None or user["team_id"] is None:
            return [user_id] if user is not None and user["active"] else []
        return await self.members([user["team_id"]])

    async def members(self, team_ids: Sequence[str], *, roles: Sequence[str] | None = None) -> list[str]:
        """The active users of these teams, of these roles or of any, in the order of their ids."""
        condition: Document = {"team_id": {"$in": list(team_ids)}, "kind": Kind.USER.value, "active": True}
        if roles is not None:
            condition["role"] = {"$in": list(roles)}
        found = self._documents.find(condition, {"_id": 1}, session=self._session)
        return [row["_id"] for row in await found.sort("_id", 1).to_list(None)]

    async def since(self, seq: int) -> list[Document]:
        """The rows that changed after that change, oldest first; all of them for -1."""
        condition: Document = {"seq": {"$gt": seq}}
        return await self._documents.find(condition).sort("seq", 1).to_list(None)


async def adopt_users(database: Database) -> None:
    """Take over the users that an earlier release knew, where nothing is known yet; repeatable."""
    if await database[COLLECTION].find_one({"kind": Kind.USER.value}, {"_id": 1}) is not None:
        return
    former = await database[_FORMER_COLLECTION].find({}, {"version": 1, "role": 1, "active": 1}).to_list(None)
    rows = [{**user, "kind": Kind.USER.value, "seq": 0, "team_id": None} for user in former]
    if rows:
        await database[COLLECTION].insert_many(rows)
