"""Who may be one with whom, in MongoDB: keys stored with each customer, and a mark where somebody shares one."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from rapport_customers.duplicates.model import Identity, compare, exact_keys, keys
from rapport_shared.mongo import Database, Document, Index, Session, every
from rapport_shared.rights import Scope

CUSTOMERS: Final = "customers"
KEYS: Final = "match"
MARK: Final = "twins"
GUARDS: Final = "duplicate_guards"
MAX_CANDIDATES: Final = 50
_COMPARED: Final = {KEYS: 1, "kind": 1, "name": 1, "phone": 1, "email": 1}
INDEXES: Final = (
    Index(CUSTOMERS, ((KEYS, 1), ("deleted", 1))),
    Index(CUSTOMERS, ((MARK, 1), ("deleted", 1), ("_id", 1)), only={MARK: True}),
    Index(GUARDS, (("at", 1),), expire_after=timedelta(hours=1)),
)


def match_keys(document: Mapping[str, Any]) -> list[str]:
    """The keys of a customer's document; none of an erased one."""
    return [] if document.get("erased_at") is not None else keys(identity(document, document.get("_id", "")))


def identity(document: Mapping[str, Any], identifier: str, hidden: frozenset[str] = frozenset()) -> Identity:
    """What of a customer's document is compared, for a reader from whom these fields are hidden."""
    shown = {name: None if name in hidden else document[name] for name in ("phone", "email")}
    return Identity(id=identifier, kind=document["kind"], name=document["name"], **shown)


class TwinRepository:
    """Reads and marks customers that share keys."""

    def __init__(self, database: Database, session: Session | None = None) -> None:
        self._customers = database[CUSTOMERS]
        self._guards = database[GUARDS]
        self._session = session

    async def mark(self, changed: Mapping[str, Document]) -> None:
        """Mark whoever may be one with these customers (documents by id), and them: a query, and a write if any."""
        wanted = {identifier: identity(document, identifier) for identifier, document in changed.items()}
        every_key = sorted({key for document in changed.values() for key in document[KEYS]})
        if not every_key:
            return
        by_key: dict[str, dict[str, Identity]] = defaultdict(dict)
        for document in await self._sharing(every_key, {}, len(wanted)):
            for key in document[KEYS]:
                by_key[key][document["_id"]] = identity(document, document["_id"])
        twins: set[str] = set()
        for identifier, one in wanted.items():
            others = {other: it for key in changed[identifier][KEYS] for other, it in by_key[key].items()}
            found = [other for other, it in others.items() if other != identifier and compare(one, it) is not None]
            twins.update((identifier, *found) if found else ())
        if twins:
            await self._customers.update_many(
                {"_id": {"$in": sorted(twins)}}, {"$set": {MARK: True}}, session=self._session
            )

    async def holders(self, of: Identity, *, at: datetime) -> list[str]:
        """The ids of other customers that share an exact key with this one, whoever's they are.

        Whoever asks at the same time for the same key collides with this transaction, so that one of two creations
        sees the other.
        """
        shared = exact_keys(of)
        for key in shared:
            guard = {"_id": sha256(key.encode()).hexdigest()}
            await self._guards.update_one(guard, {"$set": {"by": of.id, "at": at}}, upsert=True, session=self._session)
        condition = {KEYS: {"$in": shared}, "deleted": False, "_id": {"$ne": of.id}}
        found = self._customers.find(condition, {"_id": 1}, session=self._session).limit(MAX_CANDIDATES)
        return [document["_id"] async for document in found]

    async def candidates(self, of: Sequence[Identity], scope: Scope, hidden: frozenset[str]) -> list[Identity]:
        """Whoever within reach shares a key with one of these; one query."""
        shared = sorted({key for one in of for key in keys(one)})
        found = await self._sharing(shared, scope.filter(), len(of)) if shared else []
        return [identity(document, document["_id"], hidden) for document in found]

    async def _sharing(self, shared: Sequence[str], reach: Document, count: int) -> list[Document]:
        condition = every({KEYS: {"$in": list(shared)}, "deleted": False}, reach)
        found = self._customers.find(condition, _COMPARED, session=self._session).limit(MAX_CANDIDATES * count)
        return await found.to_list(None)
