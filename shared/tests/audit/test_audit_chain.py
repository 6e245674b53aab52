"""The chain finds every edit and deletion, and a sealer that dies repeats nothing."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from audit_bench import AuditBench

from rapport_shared.audit import Chain
from rapport_shared.audit import chain as chain_module
from rapport_shared.audit.rows import row_digest

RECORDS, CHANGES = 6, 5


async def _filled(bench: AuditBench) -> dict[int, str]:
    """A log of thirty rows in blocks of a few; the hashes that were told outside."""
    published: dict[int, str] = {}
    for number in range(CHANGES):
        for record in range(RECORDS):
            reason = f"reason {number}" if record % 2 else None
            await bench.write(f"cus_{record}", f"text {number}", reason)
        head = await bench.seal()
        published[head.seq] = head.hash
    return published


async def test_an_untouched_log_has_no_problems(bench: AuditBench) -> None:
    published = await _filled(bench)
    await bench.write("cus_0", "not sealed yet")
    assert await bench.problems(published) == []
    rows = await bench.rows()
    assert [row for row in rows if "waiting" in row] == rows[-1:]


Tampering = Callable[[Any, random.Random], Awaitable[str]]


async def _edit_row(database: Any, chance: random.Random) -> str:
    row = chance.choice(await database["audit"].find().to_list(None))
    name = chance.choice(sorted(row.keys() - {"_id", "erasable"}))
    await database["audit"].update_one({"_id": row["_id"]}, {"$set": {name: "forged"}})
    return f"{name} of a row"


async def _edit_reason(database: Any, chance: random.Random) -> str:
    row = chance.choice(await database["audit"].find({"erasable.reason": {"$exists": True}}).to_list(None))
    change = chance.choice([{"$set": {"erasable.reason": "forged"}}, {"$unset": {"erasable.reason": ""}}])
    await database["audit"].update_one({"_id": row["_id"]}, change)
    return f"reason: {change}"


async def _bare_row(database: Any, chance: random.Random) -> str:
    row = chance.choice(await database["audit"].find().to_list(None))
    await database["audit"].update_one({"_id": row["_id"]}, {"$unset": {"erasable": ""}})
    return "reason without erasure"


async def _delete_row(database: Any, chance: random.Random) -> str:
    row = chance.choice(await database["audit"].find().to_list(None))
    await database["audit"].delete_one({"_id": row["_id"]})
    return "a row"


async def _move_row(database: Any, chance: random.Random) -> str:
    """Delete a row and put the same under another id."""
    row = chance.choice(await database["audit"].find().to_list(None))
    await database["audit"].delete_one({"_id": row["_id"]})
    await database["audit"].insert_one({**row, "_id": "aud_forged"})
    return "a row's id"


async def _forge_row(database: Any, chance: random.Random) -> str:
    row = chance.choice(await database["audit"].find().to_list(None))
    await database["audit"].insert_one({**row, "_id": "aud_forged"})
    return "a row more"


async def _delete_block(database: Any, chance: random.Random) -> str:
    block = chance.choice(await database["audit_blocks"].find().to_list(None))
    await database["audit_blocks"].delete_one({"_id": block["_id"]})
    return "a block"


async def _edit_block(database: Any, chance: random.Random) -> str:
    block = chance.choice(await database["audit_blocks"].find().to_list(None))
    block["rows"].pop()
    await database["audit_blocks"].replace_one({"_id": block["_id"]}, block)
    return "a block's rows"


async def _recompute_block(database: Any, chance: random.Random) -> str:
    """Forge a row, and its block so that it fits the row."""
    block = chance.choice(await database["audit_blocks"].find().to_list(None))
    row = await database["audit"].find_one({"_id": block["rows"][0][0]})
    row["actor"] = "usr_forged"
    await database["audit"].replace_one({"_id": row["_id"]}, row)
    block["rows"][0][1] = row_digest(row)
    block["hash"] = chain_module.block_hash(block)
    await database["audit_blocks"].replace_one({"_id": block["_id"]}, block)
    return "a row and its block"


async def _cut_tail(database: Any, chance: random.Random) -> str:
    """Take the last blocks away with their rows, and let the head say so."""
    left = chance.randrange(1, CHANGES)
    async for block in database["audit_blocks"].find({"_id": {"$gt": left}}):
        await database["audit"].delete_many({"_id": {"$in": [identifier for identifier, _ in block["rows"]]}})
    await database["audit_blocks"].delete_many({"_id": {"$gt": left}})
    last = await database["audit_blocks"].find_one({"_id": left})
    await database["audit_head"].update_one({}, {"$set": {"seq": left, "hash": last["hash"]}})
    return f"everything behind block {left}"


async def _edit_head(database: Any, chance: random.Random) -> str:
    change = chance.choice([{"seq": chance.randrange(CHANGES)}, {"hash": "0" * 64}])
    await database["audit_head"].update_one({}, {"$set": change})
    return f"the head: {change}"


async def _delete_everything(database: Any, chance: random.Random) -> str:
    for name in ("audit", "audit_blocks", "audit_head"):
        await database[name].delete_many({})
    return "the whole log"


TAMPERINGS: list[Tampering] = [
    _edit_row,
    _edit_reason,
    _bare_row,
    _delete_row,
    _move_row,
    _forge_row,
    _delete_block,
    _edit_block,
    _recompute_block,
    _cut_tail,
    _edit_head,
    _delete_everything,
]


async def _put_back(collection: Any, documents: list[dict[str, Any]]) -> None:
    found = {document["_id"]: document async for document in collection.find()}
    kept = {document["_id"]: document for document in documents}
    missing = [document for identifier, document in kept.items() if found.get(identifier) != document]
    touched = [identifier for identifier, document in found.items() if kept.get(identifier) != document]
    await collection.delete_many({"_id": {"$in": touched}})
    if missing:
        await collection.insert_many(missing)


async def test_each_of_sixty_edits_and_deletions_is_found(bench: AuditBench) -> None:
    published = await _filled(bench)
    database = bench.mongo.database
    kept = {name: await database[name].find().to_list(None) for name in ("audit", "audit_blocks", "audit_head")}
    for seed in range(60):
        chance = random.Random(seed)
        what = await TAMPERINGS[seed % len(TAMPERINGS)](database, chance)
        assert await bench.problems(published), f"seed {seed}: nobody saw that someone touched {what}"
        for name, documents in kept.items():
            await _put_back(database[name], documents)
    assert await bench.problems(published) == [], "what was put back must pass, else the test shows nothing"


async def test_without_what_was_published_a_cut_tail_stays_unseen(bench: AuditBench) -> None:
    """The control of the anchor: the database alone cannot tell."""
    published = await _filled(bench)
    await _cut_tail(bench.mongo.database, random.Random(1))
    assert await bench.problems() == []
    assert await bench.problems(published)


async def test_an_erased_record_loses_its_reasons_and_the_chain_holds(bench: AuditBench) -> None:
    published = await _filled(bench)
    await bench.erase("cus_1")
    await bench.seal()
    assert await bench.problems(published) == []
    rows = [row for row in await bench.rows() if row["record"] == "cus_1"]
    assert [row["action"] for row in rows if "erasable" in row] == ["customers.note.erased"]
    await bench.mongo.database["audit"].update_one({"record": "cus_2"}, {"$unset": {"erasable": ""}})
    assert await bench.problems(published), "another record's erasure excuses nothing"


async def test_a_sealer_that_dies_in_its_transaction_leaves_nothing(
    bench: AuditBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.write("cus_1", "first")
    seal = Chain._seal

    async def dying(self: Chain, rows: Any, session: Any) -> int:
        await seal(self, rows, session)
        raise ConnectionError("crash point: everything is written, nothing is committed")

    with monkeypatch.context() as patched:
        patched.setattr(Chain, "_seal", dying)
        with pytest.raises(ConnectionError):
            await bench.chain.seal()
    assert (await bench.chain.head()).seq == 0
    assert await bench.mongo.database["audit_blocks"].count_documents({}) == 0
    assert (await bench.seal()).seq == 1
    assert await bench.problems() == []


async def test_two_sealers_at_once_bind_every_row_once(bench: AuditBench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chain_module, "BLOCK_SIZE", 3)
    for number in range(12):
        await bench.write(f"cus_{number}", "x")
    await asyncio.gather(*(bench.seal() for _ in range(3)))
    blocks = await bench.mongo.database["audit_blocks"].find().to_list(None)
    bound = [identifier for block in blocks for identifier, _ in block["rows"]]
    assert sorted(bound) == [row["_id"] for row in await bench.rows()]
    assert await bench.problems() == []
