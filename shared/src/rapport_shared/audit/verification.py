"""Verifies an audit log: every row against its block, every block against the next, the end against the outside."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from rapport_shared.audit.chain import EMPTY, block_hash
from rapport_shared.audit.rows import BLOCKS, HEAD, ROWS, row_digest, salted_digest
from rapport_shared.mongo.client import Database, Document

ERASED = ".erased"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written: what it is about, and what is wrong with it."""

    subject: str
    fault: str

    def __str__(self) -> str:
        return f"{self.subject} {self.fault}"


async def verify(database: Database, published: Mapping[int, str] | None = None) -> AsyncIterator[Problem]:
    """Every edit and deletion that there has been since the rows were sealed; nothing where all is well.

    ``published`` are hashes of blocks by number, as they were told outside of this database when they were sealed.
    """
    verification = _Verification(database, published or {})
    async for problem in verification.blocks():
        yield problem
    async for problem in verification.end():
        yield problem


class _Verification:
    def __init__(self, database: Database, published: Mapping[int, str]) -> None:
        self._database = database
        self._published = published
        self._seq, self._hash, self._sealed = EMPTY.seq, EMPTY.hash, 0
        self._bared: dict[str, list[str]] = {}  # by record, the rows without what only its erasure takes away

    async def blocks(self) -> AsyncIterator[Problem]:
        async for block in self._database[BLOCKS].find().sort("_id", 1):
            name = f"block {block['_id']}"
            if block["_id"] != self._seq + 1:
                yield Problem(f"block {self._seq + 1}", "is missing")
            elif block["prev"] != self._hash:
                yield Problem(name, "does not follow the block before it")
            if block_hash(block) != block.get("hash"):
                yield Problem(name, "was edited")
            if self._published.get(block["_id"], block.get("hash")) != block.get("hash"):
                yield Problem(name, "is not the one that was published")
            self._seq, self._hash = block["_id"], block.get("hash", "")
            async for problem in self._rows(block):
                yield problem

    async def _rows(self, block: Document) -> AsyncIterator[Problem]:
        digests = dict(block["rows"])
        self._sealed += len(digests)
        found = self._database[ROWS].find({"_id": {"$in": list(digests)}})
        rows = {row["_id"]: row async for row in found}
        for identifier, digest in digests.items():
            row = rows.get(identifier)
            if row is None:
                yield Problem(f"row {identifier}", "is missing")
            elif row_digest(row) != digest or "waiting" in row:
                yield Problem(f"row {identifier}", "was edited")
            elif "erasable" not in row:
                self._bared.setdefault(row["record"], []).append(identifier)
            elif salted_digest(row["erasable"].get("salt", ""), row["erasable"].get("reason")) != row["reason"]:
                yield Problem(f"row {identifier}", "has another reason than it was written with")
        for row in rows.values():
            if row["action"].endswith(ERASED):
                self._bared.pop(row["record"], None)

    async def end(self) -> AsyncIterator[Problem]:
        head = await self._database[HEAD].find_one({"_id": HEAD}) or {"seq": EMPTY.seq, "hash": EMPTY.hash}
        if (head["seq"], head["hash"]) != (self._seq, self._hash):
            yield Problem("the head", f"names block {head['seq']}, but the chain ends with block {self._seq}")
        for seq in sorted(self._published):
            if seq > self._seq:
                yield Problem(f"block {seq}", "was published and is missing")
        for identifiers in self._bared.values():
            for identifier in identifiers:
                yield Problem(f"row {identifier}", "lacks its reason, though its record was not erased")
        async for problem in self._strangers():
            yield problem

    async def _strangers(self) -> AsyncIterator[Problem]:
        """Rows that no block holds, although they do not wait for one."""
        rows, settled = self._database[ROWS], {"waiting": {"$exists": False}}
        if await rows.count_documents(settled) == self._sealed:
            return
        known: set[str] = set()
        async for block in self._database[BLOCKS].find({}, {"rows": 1}):
            known.update(identifier for identifier, _ in block["rows"])
        async for row in rows.find(settled, {"_id": 1}):
            if row["_id"] not in known:
                yield Problem(f"row {row['_id']}", "is in no block")
