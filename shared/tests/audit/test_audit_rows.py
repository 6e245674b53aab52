"""What an audit row says, and that it commits with its change or not at all."""

import asyncio

import pytest
from audit_bench import SELLER, AuditBench

from rapport_shared.audit.rows import from_document
from rapport_shared.persistence import Work
from rapport_shared.tracing import Trace, traced


async def test_a_change_leaves_a_row_that_says_who_what_and_why(bench: AuditBench) -> None:
    with traced(Trace("request-1")):
        await bench.write("cus_1", "first")
        await bench.write("cus_1", "second", "the customer said so")
    created, updated = await bench.rows()
    assert (created["action"], created["version"], created["changed"]) == ("customers.customer.created", 1, ["text"])
    assert created["erasable"].keys() == {"salt"}
    assert {name: updated[name] for name in ("actor", "via", "key_id", "action", "type", "record", "version")} == {
        "actor": "usr_1",
        "via": "USER",
        "key_id": None,
        "action": "customers.customer.updated",
        "type": "note",
        "record": "cus_1",
        "version": 2,
    }
    assert (updated["changed"], updated["correlation_id"]) == (["text"], "request-1")
    assert updated["erasable"]["reason"] == "the customer said so"


async def test_no_row_holds_a_value_or_its_plain_digest(bench: AuditBench) -> None:
    await bench.write("cus_1", "Zhang San")
    await bench.write("cus_2", "Zhang San")
    one, other = await bench.rows()
    assert "Zhang San" not in str([one, other])
    assert one["values"] != other["values"], "the same value must not be recognised"


async def test_a_change_that_is_rolled_back_leaves_no_row(bench: AuditBench) -> None:
    with pytest.raises(RuntimeError):
        await bench.write("cus_1", "first", fail=True)
    assert await bench.rows() == []
    assert await bench.mongo.database["notes"].count_documents({}) == 0


async def test_writers_do_not_collide_at_the_log(bench: AuditBench) -> None:
    await asyncio.gather(*(bench.write(f"cus_{number}", "x") for number in range(20)))
    assert len(await bench.rows()) == 20


async def test_an_export_is_noted_with_what_was_asked_and_got(bench: AuditBench) -> None:
    asked = {"stage": {"eq": "LEAD"}, "or": [{"ownerId": {"isNull": True}}]}

    async def export(work: Work) -> None:
        await work.audit.note_export("customers.customer.exported", "customer", "exp_1", asked=asked, rows=3, by=SELLER)

    await bench.transactions.run(export)
    [row] = await bench.rows()
    read = from_document(row)
    assert (read.action, read.record, read.actor, read.rows) == ("customers.customer.exported", "exp_1", SELLER.id, 3)
    assert read.asked == asked
    await bench.seal()
    assert await bench.problems() == []
    await bench.mongo.database["audit"].update_one({"_id": row["_id"]}, {"$set": {"asked": {}}})
    assert await bench.problems() == [f"row {row['_id']} was edited"]
