"""The rules of the pool, the claims of each user, and the customers in it, in MongoDB."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from rapport_customers.customers.model import CustomerStage
from rapport_customers.pool.model import POOL_ID, PoolRules
from rapport_shared.mongo import Document, Index
from rapport_shared.persistence import AggregateRepository

COLLECTION: Final = "pool_rules"
CUSTOMERS: Final = "customers"
CLAIMS: Final = "pool_claims"
IN_POOL: Final[Mapping[str, Any]] = {"owner_id": None, "deleted": False}
INDEXES: Final = (Index(CUSTOMERS, (("owner_id", 1), ("deleted", 1), ("pooled_at", 1), ("_id", 1))),)
_FIELDS: Final = ("max_held", "max_claims_per_day", "reclaim_after_days", "idle_days", "updated_at")


class PoolRepository(AggregateRepository[PoolRules]):
    """One document of rules; without limits where nobody has said anything yet."""

    collection = COLLECTION
    noun = "pool"

    async def current(self) -> PoolRules:
        """The rules as they are now."""
        found = await self._documents.find_one({"_id": POOL_ID}, session=self._session)
        return PoolRules(id=POOL_ID) if found is None else self.from_document(found)

    async def take(self, customer_id: str) -> bool:
        """Hold a customer that is in the pool until this transaction ends; False where it is not there."""
        return await self._hold({"_id": customer_id, **IN_POOL})

    async def take_idle(self, customer_id: str, idle_before: datetime, rules: PoolRules) -> bool:
        """Hold a customer that is to return until this transaction ends; False where something has happened."""
        return await self._hold({"_id": customer_id, **_idle(idle_before, rules)})

    async def idle(self, idle_before: datetime, rules: PoolRules, limit: int) -> list[str]:
        """Customers that are to return."""
        found = self._database[CUSTOMERS].find(_idle(idle_before, rules), {"_id": 1})
        return [row["_id"] for row in await found.sort("updated_at", 1).limit(limit).to_list(None)]

    async def claimed(self, user_id: str, day: str) -> int:
        """Count one more claim of a user on that day, and hold the count until this transaction ends."""
        claims = self._database[CLAIMS]
        await claims.update_one({"_id": user_id}, {"$inc": {"held": 1}}, upsert=True, session=self._session)
        found = await claims.find_one({"_id": user_id}, session=self._session)
        count = (found or {}).get("count", 0) + 1 if (found or {}).get("day") == day else 1
        await claims.update_one({"_id": user_id}, {"$set": {"day": day, "count": count}}, session=self._session)
        return int(count)

    def to_document(self, aggregate: PoolRules) -> Document:
        """The fields as they are, enums by value."""
        stages = [stage.value for stage in aggregate.idle_stages]
        return {**{name: getattr(aggregate, name) for name in _FIELDS}, "idle_stages": stages}

    def from_document(self, document: Document) -> PoolRules:
        """Read what ``to_document`` wrote."""
        stages = tuple(CustomerStage(stage) for stage in document["idle_stages"])
        fields = {name: document[name] for name in _FIELDS}
        return PoolRules(id=document["_id"], version=document["version"], idle_stages=stages, **fields)

    async def _hold(self, condition: Document) -> bool:
        change = {"$inc": {"held": 1}}
        result = await self._database[CUSTOMERS].update_one(condition, change, session=self._session)
        return result.matched_count == 1


def _idle(before: datetime, rules: PoolRules) -> Document:
    return {
        "deleted": False,
        "updated_at": {"$lt": before},
        "owner_id": {"$ne": None},
        "stage": {"$in": [stage.value for stage in rules.idle_stages]},
        "facts.last_interaction_at": {"$not": {"$gte": before}},
        "facts.last_order_at": {"$not": {"$gte": before}},
    }
