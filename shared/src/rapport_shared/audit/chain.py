"""The chain of hashes over the audit rows.

Rows are written by many transactions at once; a chain that each of them carried on would make them collide at its
head. So rows wait, and a sealer binds them into blocks: block n holds the digests of its rows and the hash of block
n - 1. The head says where the chain ends, and is published, so that not even its end can be cut off unseen.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rapport_shared.audit.rows import BLOCKS, HEAD, ROWS, canonical, row_digest
from rapport_shared.clock import Clock
from rapport_shared.ids import new_event_id
from rapport_shared.mongo.client import TRANSACTION_READ_CONCERN, WRITE_CONCERN, Document, Mongo, Session

BLOCK_SIZE: Final = 200  # rows; a transaction of a few milliseconds
GENESIS: Final = hashlib.sha256(b"rapport audit chain").hexdigest()


@dataclass(frozen=True, slots=True)
class Head:
    """Where the chain ends: the number of the last block, its hash, and the number that was last published.

    ``event_id`` is the last block's, however often it is published.
    """

    seq: int
    hash: str
    published: int
    event_id: str


EMPTY: Final = Head(0, GENESIS, 0, "")


class Chain:
    """The blocks of one service's database."""

    def __init__(self, mongo: Mongo, clock: Clock) -> None:
        self._mongo = mongo
        self._clock = clock
        self._rows = mongo.database[ROWS]
        self._blocks = mongo.database[BLOCKS]
        self._heads = mongo.database[HEAD]
        self.end: Head | None = None
        """Where the chain ended when this object last sealed."""

    async def head(self, session: Session | None = None) -> Head:
        """The end of the chain as the database knows it."""
        found = await self._heads.find_one({"_id": HEAD}, session=session)
        if found is None:
            return EMPTY
        event_id = found.get("event_id") or new_event_id()  # earlier releases gave it when they published
        return Head(found["seq"], found["hash"], found["published"], event_id)

    async def seal(self) -> int:
        """Bind the rows that wait into one block; how many there were.

        Rows, block and head change together: a sealer that dies leaves nothing half done, and of two at once one is
        rolled back and has bound none.
        """
        rows = await self._rows.find({"waiting": True}).sort("_id", 1).limit(BLOCK_SIZE).to_list(None)
        if not rows:
            return 0
        async with self._mongo.client.start_session() as session:
            try:
                self.end = await session.with_transaction(
                    lambda session: self._seal(rows, session),
                    read_concern=TRANSACTION_READ_CONCERN,
                    write_concern=WRITE_CONCERN,
                )
            except _SealedMeanwhile:
                return 0
        return len(rows)

    async def _seal(self, rows: Sequence[Document], session: Session) -> Head:
        head = await self.head(session)
        block = block_after(head, [[row["_id"], row_digest(row)] for row in rows], at=self._clock())
        await self._blocks.insert_one(block, session=session)
        now = {name: block[name] for name in ("hash", "event_id")} | {"seq": block["_id"], "published": head.published}
        await self._heads.replace_one({"_id": HEAD}, {"_id": HEAD, **now}, upsert=True, session=session)
        sealed = {"_id": {"$in": [row["_id"] for row in rows]}, "waiting": True}
        done = await self._rows.update_many(sealed, {"$unset": {"waiting": ""}}, session=session)
        if done.modified_count < len(rows):
            raise _SealedMeanwhile
        return Head(now["seq"], now["hash"], now["published"], now["event_id"])

    async def mark_published(self, seq: int) -> None:
        """The broker has confirmed the head of this number."""
        older = {"_id": HEAD, "published": {"$lt": seq}}
        await self._heads.update_one(older, {"$set": {"published": seq}})


class _SealedMeanwhile(Exception):
    """Another sealer has bound some of the rows."""


def block_after(head: Head, rows: Sequence[Sequence[str]], *, at: Any) -> Document:
    """The next block; ``rows`` are pairs of a row's id and digest."""
    found = {"prev": head.hash, "at": at, "event_id": new_event_id(), "rows": [list(row) for row in rows]}
    block = {"_id": head.seq + 1, **found}
    return {**block, "hash": block_hash(block)}


def block_hash(block: Document) -> str:
    """The hash of a block: of everything in it but the hash itself."""
    content = {name: value for name, value in block.items() if name != "hash"}
    return hashlib.sha256(canonical(content)).hexdigest()
