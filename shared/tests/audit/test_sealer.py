"""The worker's sealer: seals, and tells the broker's log where the chain ends."""

import pytest
from audit_bench import AuditBench
from waiting import eventually

from rapport_shared.audit import Chain
from rapport_shared.contracts.audit import SEALED
from rapport_shared.delivery.published import published_blocks
from rapport_shared.messaging import open_channel
from rapport_shared.messaging.log import read_log


async def _published(bench: AuditBench) -> bool:
    head = await bench.chain.head()
    return head.seq > 0 and head.published == head.seq


async def test_what_is_sealed_is_published(bench: AuditBench) -> None:
    await bench.write("cus_1", "first")
    async with bench.sealing():
        await eventually(lambda: _published(bench))
    head = await bench.chain.head()
    assert (await published_blocks(bench.amqp_url, "customers"))[head.seq] == head.hash
    assert await bench.problems() == []


async def test_a_sealer_that_dies_before_it_publishes_leaves_that_to_the_next(
    bench: AuditBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    await bench.write("cus_1", "first")
    head = await bench.seal()
    assert head.published == 0
    crashes = iter([True])
    mark = Chain.mark_published

    async def dying(self: Chain, seq: int) -> None:
        if next(crashes, False):
            raise ConnectionError("crash point: published, not marked")
        await mark(self, seq)

    monkeypatch.setattr(Chain, "mark_published", dying)
    async with bench.sealing():
        await eventually(lambda: _published(bench))
    assert next(crashes, None) is None, "the crash point was not reached"
    assert await published_blocks(bench.amqp_url, "customers") == {head.seq: head.hash}
    async with open_channel(bench.amqp_url) as channel:
        told = [envelope.id async for envelope, _ in read_log(channel, SEALED["customers"])]
    assert told == [head.event_id] * 2, "consumers know the second one as the first"
    assert (await bench.chain.head()).seq == head.seq, "nothing was sealed twice"
