"""Sign-ins of each account and from each address, counted by attempt: not by request, and not by process."""

import hashlib
from datetime import timedelta
from typing import ClassVar

from rapport_identity.sessions.errors import TooManyAttempts
from rapport_identity.users.values import email_key
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, DuplicateKey, Index

COLLECTION = "sign_in_attempts"
BY_ADDRESS = "sign_in_addresses"
LIMIT = 5
WINDOW = timedelta(minutes=15)
ADDRESS_WINDOW = timedelta(minutes=1)
INDEXES = (
    Index(COLLECTION, (("last_at", 1),), expire_after=timedelta(days=1)),
    Index(BY_ADDRESS, (("last_at", 1),), expire_after=timedelta(minutes=5)),
)


class _Counted:
    """So many attempts of one key within a window; whoever reads the collection learns no key that is not known."""

    collection: ClassVar[str]
    refusal: ClassVar[str]

    def __init__(self, database: Database, clock: Clock, limit: int, window: timedelta) -> None:
        self._documents = database[self.collection]
        self._clock = clock
        self._limit = limit
        self._window = window

    async def _count(self, key: str) -> None:
        """One attempt more. Raises TooManyAttempts where none is left."""
        now, digest = self._clock(), _digest(key)
        await self._documents.update_one({"_id": digest}, {"$pull": {"failed_at": {"$lte": now - self._window}}})
        free = {"_id": digest, f"failed_at.{self._limit - 1}": {"$exists": False}}
        change = {"$push": {"failed_at": now}, "$set": {"last_at": now}}
        try:
            await self._documents.update_one(free, change, upsert=True)
        except DuplicateKey:  # it is there: without a free attempt, or made by another request at this moment
            if not (await self._documents.update_one(free, change)).matched_count:
                raise TooManyAttempts(self.refusal, path=("input",)) from None


class Attempts(_Counted):
    """At most five failures in fifteen minutes; an account need not exist to have them."""

    collection = COLLECTION
    refusal = f"Too many failed sign-ins; try again in {int(WINDOW.total_seconds() // 60)} minutes."

    def __init__(self, database: Database, clock: Clock) -> None:
        super().__init__(database, clock, LIMIT, WINDOW)

    async def begin(self, email: str) -> None:
        """Count an attempt as failed, before its password is looked at. Raises TooManyAttempts where none is left."""
        await self._count(email_key(email))

    async def succeed(self, email: str) -> None:
        """Forget the account's failures, this attempt included."""
        await self._documents.delete_one({"_id": _digest(email_key(email))})


class AddressLimit(_Counted):
    """So many sign-ins a minute from one address, of whatever account and however they end; 0 is no limit."""

    collection = BY_ADDRESS
    refusal = "Too many sign-ins from your address; try again in a minute."

    def __init__(self, database: Database, clock: Clock, a_minute: int) -> None:
        super().__init__(database, clock, a_minute, ADDRESS_WINDOW)

    async def begin(self, address: str | None) -> None:
        """Count an attempt; what comes from nobody knows where is not counted. Raises TooManyAttempts."""
        if address is not None and self._limit:
            await self._count(address)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
