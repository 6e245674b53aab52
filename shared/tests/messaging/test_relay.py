"""When the relay looks, and what it leaves to its next look."""

from dataclasses import replace
from typing import Any

import pytest
from aio_pika.exceptions import DeliveryError
from messaging_bench import Bench, running
from pamqp.commands import Basic
from waiting import eventually

from rapport_shared.delivery import relay
from rapport_shared.messaging import BrokerLink, Wakes
from rapport_shared.mongo import connect
from rapport_shared.outbox import OutboxRow


async def test_a_relay_is_woken_by_who_leaves_events_elsewhere(
    bench: Bench, mongo_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LOOK_SECONDS", 600.0)
    mongo = connect(mongo_url, bench.mongo.database.name)
    elsewhere = replace(bench, mongo=mongo)
    telling = BrokerLink(bench.amqp_url, "test-api", Wakes("customers", mongo.outbox_filled).tell)

    async with bench.relaying(), running(telling.run()):
        await bench.change("cus_1")
        await eventually(bench.nothing_waits)
        await elsewhere.change("cus_2")
        await eventually(bench.nothing_waits)
    await mongo.close()


async def test_what_was_read_with_a_refused_event_does_not_overtake_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, refusals = relay._publish, iter([True])

    async def refusing(exchange: Any, row: OutboxRow) -> None:
        if row.subject == "cus_1" and next(refusals, False):
            raise DeliveryError(None, Basic.Nack())
        await publish(exchange, row)

    monkeypatch.setattr(relay, "_publish", refusing)
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.0)
    monkeypatch.setattr(relay, "BATCH", 1)

    async def all_arrived() -> bool:
        return sum(map(len, (await bench.ledger()).values())) == 6

    await bench.change("cus_1", "cus_2", times=3)
    async with bench.relaying(), bench.consuming():
        await eventually(all_arrived)
    assert next(refusals, None) is None, "nothing was refused"
    assert await bench.ledger() == {"cus_1": [1, 2, 3], "cus_2": [1, 2, 3]}


async def test_a_channel_that_refuses_is_not_used_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is in a cluster, where a channel takes a node that is gone for a queue's leader."""
    publish, refusing = relay._publish, set[object]()

    async def refused_there(exchange: Any, row: OutboxRow) -> None:
        if not refusing:
            refusing.add(exchange.channel)
        if exchange.channel in refusing:
            raise DeliveryError(None, Basic.Nack())
        await publish(exchange, row)

    monkeypatch.setattr(relay, "_publish", refused_there)
    monkeypatch.setattr(relay, "RETRY_SECONDS", 0.0)

    async def arrived() -> bool:
        return await bench.ledger() == {"cus_1": [1]}

    await bench.change("cus_1")
    async with bench.relaying(), bench.consuming():
        await eventually(arrived)
    assert refusing, "nothing was refused"
