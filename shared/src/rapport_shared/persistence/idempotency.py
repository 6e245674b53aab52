"""Idempotency keys: a repeated command returns what the first one made."""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import orjson

from rapport_shared.actor import Actor
from rapport_shared.clock import Clock
from rapport_shared.errors import IdempotencyKeyReused, InvalidIdempotencyKey
from rapport_shared.mongo.client import Database, Session
from rapport_shared.mongo.indexes import Index

COLLECTION = "idempotency_keys"
MAX_KEY = 200
PATH = ("input", "idempotencyKey")
FORGOTTEN = "forgotten"
INDEXES = (
    Index(COLLECTION, (("at", 1),), expire_after=timedelta(days=7)),
    Index(COLLECTION, (("result_id", 1),)),
)


class IdempotencyKeys:
    """The keys that an actor has used for an operation, kept for seven days in the effect's own transaction."""

    def __init__(self, database: Database, session: Session, clock: Clock) -> None:
        self._keys = database[COLLECTION]
        self._session = session
        self._clock = clock

    async def claim(self, key: str | None, *, operation: str, by: Actor, body: Any, result_id: str) -> str | None:
        """Take the key for ``result_id``, or return the id that the first command with this key made.

        Raises IdempotencyKeyReused where the first command had another body, InvalidIdempotencyKey for a key of no use.
        None without a key.
        """
        if key is None:
            return None
        if not 1 <= len(key) <= MAX_KEY:
            raise InvalidIdempotencyKey(f"An idempotency key has 1 to {MAX_KEY} characters.", path=PATH)
        identifier = hashlib.sha256(f"{by.id}:{operation}:{key}".encode()).hexdigest()  # a key may be personal
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()
        first = await self._keys.find_one({"_id": identifier}, session=self._session)
        if first is None:
            row = {"_id": identifier, "digest": digest, "result_id": result_id, "at": self._clock()}
            await self._keys.insert_one(row, session=self._session)
            return None
        if first["digest"] not in {digest, FORGOTTEN}:
            raise IdempotencyKeyReused("This idempotency key came with another body before.", path=PATH)
        return str(first["result_id"])

    async def forget(self, result_ids: Sequence[str]) -> None:
        """Forget what the bodies of these results' commands were; a repeat of one still makes nothing new."""
        theirs = {"result_id": {"$in": list(result_ids)}}
        await self._keys.update_many(theirs, {"$set": {"digest": FORGOTTEN}}, session=self._session)
