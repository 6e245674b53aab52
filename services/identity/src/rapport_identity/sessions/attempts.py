"""Failed sign-ins of each account, counted by attempt: not by request, and not by process."""

import hashlib
from datetime import timedelta

from rapport_identity.sessions.errors import TooManyAttempts
from rapport_identity.users.values import email_key
from rapport_shared.clock import Clock
from rapport_shared.mongo import Database, DuplicateKey, Index

COLLECTION = "sign_in_attempts"
LIMIT = 5
WINDOW = timedelta(minutes=15)
INDEXES = (Index(COLLECTION, (("last_at", 1),), expire_after=timedelta(days=1)),)


class Attempts:
    """At most five failures in fifteen minutes; an account need not exist to have them."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._documents = database[COLLECTION]
        self._clock = clock

    async def begin(self, email: str) -> None:
        """Count an attempt as failed, before its password is looked at. Raises TooManyAttempts where none is left."""
        now, account = self._clock(), _account(email)
        await self._documents.update_one({"_id": account}, {"$pull": {"failed_at": {"$lte": now - WINDOW}}})
        free = {"_id": account, f"failed_at.{LIMIT - 1}": {"$exists": False}}
        try:
            change = {"$push": {"failed_at": now}, "$set": {"last_at": now}}
            await self._documents.update_one(free, change, upsert=True)
        except DuplicateKey:  # the account is there, but has no attempt free
            minutes = int(WINDOW.total_seconds() // 60)
            message = f"Too many failed sign-ins; try again in {minutes} minutes."
            raise TooManyAttempts(message, path=("input",)) from None

    async def succeed(self, email: str) -> None:
        """Forget the account's failures, this attempt included."""
        await self._documents.delete_one({"_id": _account(email)})


def _account(email: str) -> str:
    """Whoever reads this collection learns no mail address that they do not know already."""
    return hashlib.sha256(email_key(email).encode("utf-8", "surrogatepass")).hexdigest()
