"""Who was erased, remembered by keyed digests alone, so that no import brings them back.

A digest tells nothing without the key, which is a setting and in no database; with it, only whether some number or
address is that of somebody who was erased. Without a key nobody is remembered.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from rapport_shared.mongo import Database, Session
from rapport_shared.text import mail_address

COLLECTION: Final = "suppressed"
IDENTIFIERS: Final = ("phone", "email", "external_id")
"""The attributes of a customer that say who it is."""


class Digests:
    """The identifiers of people under the installation's own key."""

    def __init__(self, key: str = "") -> None:
        self._key = key.encode()

    def of(self, values: Mapping[str, Any]) -> list[str]:
        """Of the identifiers among these values, which are in their stored form; none without a key."""
        found = {name: values.get(name) for name in IDENTIFIERS}
        given = {name: self._plain(name, value) for name, value in found.items() if isinstance(value, str) and value}
        return [self._digest(f"{name}:{value}") for name, value in given.items()] if self._key else []

    def _plain(self, name: str, value: str) -> str:
        return (mail_address(value) or value).casefold() if name == "email" else value

    def _digest(self, text: str) -> str:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


WITHOUT_KEY: Final = Digests()


class Suppressed:
    """The erased people of one service's database; only ever adds."""

    def __init__(self, database: Database, session: Session | None, digests: Digests) -> None:
        self._documents = database[COLLECTION]
        self._session = session
        self._digests = digests
        self._asked: dict[str, bool] = {}

    async def remember(self, customers: Iterable[Mapping[str, Any]], request_id: str, *, at: datetime) -> None:
        """Belongs into the transaction that takes these values away."""
        for digest in sorted({digest for values in customers for digest in self._digests.of(values)}):
            row = {"request_id": request_id, "at": at}
            self._asked[digest] = True
            await self._documents.update_one({"_id": digest}, {"$setOnInsert": row}, upsert=True, session=self._session)

    async def known(self, rows: Sequence[Mapping[str, Any]]) -> list[bool]:
        """Of each row whether one of its identifiers is that of somebody who was erased; one query for all.

        In a transaction nothing is asked twice: whoever is about to ask of many one by one asks of all of them first.
        An import refuses such rows (SUBJECT_ERASED) where they would make a new customer.
        """
        digests = [self._digests.of(row) for row in rows]
        if self._session is None:
            self._asked.clear()
        fresh = sorted({digest for each in digests for digest in each} - self._asked.keys())
        if fresh:
            found = self._documents.find({"_id": {"$in": fresh}}, {"_id": 1}, session=self._session)
            self._asked |= dict.fromkeys(fresh, False) | {row["_id"]: True async for row in found}
        return [any(self._asked[digest] for digest in each) for each in digests]
