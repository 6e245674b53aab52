"""From outbox to effect, on the real broker and the real database wire."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

import pytest
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractConnection
from messaging_bench import Bench, running
from waiting import eventually

from rapport_local.backing import Broker
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.delivery import relay as relay_module
from rapport_shared.events import Envelope
from rapport_shared.inbox import Inbox
from rapport_shared.messaging.connection import BrokerLink
from rapport_shared.messaging.dead_letters import redrive
from rapport_shared.messaging.topology import DELIVERY_LIMIT, EVENTS, LOG
from rapport_shared.outbox import OutboxStore
from rapport_shared.tracing import Trace, traced

SUBJECTS = [f"cus_{number}" for number in range(8)]


async def _everything_arrived(bench: Bench, subjects: list[str], versions: int) -> bool:
    expected = {subject: list(range(1, versions + 1)) for subject in subjects}
    return await bench.ledger() == expected


async def test_events_of_one_subject_keep_their_order_and_have_one_effect_each(bench: Bench) -> None:
    for _ in range(10):
        await bench.change(*SUBJECTS, times=3)
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _everything_arrived(bench, SUBJECTS, 30))
        await eventually(lambda: _is_zero(bench.waiting()))
    assert await bench.messages_left() == 0
    assert await bench.dead_letters() == []


async def test_a_chain_keeps_its_correlation(bench: Bench) -> None:
    with traced(Trace("request-7")):
        await bench.change("cus_1")
    async with bench.relaying(), bench.consuming():
        await eventually(bench.ledger)
    row = await bench.mongo.database["ledger"].find_one({})
    assert row is not None
    assert row["correlation"] == "request-7"


async def test_an_event_that_comes_again_has_no_second_effect(bench: Bench) -> None:
    await bench.change("cus_1")
    (row,) = await bench.outbox.waiting(10)
    async with bench.channel() as channel:
        exchange = await channel.get_exchange(EVENTS)
        for _ in range(3):
            await exchange.publish(Message(row.body, delivery_mode=DeliveryMode.PERSISTENT), row.routing_key)
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _is_zero(bench.waiting()))
        await eventually(lambda: _is_zero(bench.messages_left()))
    assert await bench.ledger() == {"cus_1": [1]}


@pytest.mark.parametrize("remembering", [True, False], ids=["with the inbox", "control: without it"])
async def test_a_relay_that_dies_between_confirm_and_mark_sends_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, remembering: bool
) -> None:
    mark_sent, crashes = OutboxStore.mark_sent, iter([True])

    async def crashing(self: OutboxStore, event_ids: Sequence[str]) -> None:
        if next(crashes, False):
            raise ConnectionError("crash point")
        await mark_sent(self, event_ids)

    monkeypatch.setattr(OutboxStore, "mark_sent", crashing)
    if not remembering:
        monkeypatch.setattr(Inbox, "noted", lambda *_: _answer(False))
        monkeypatch.setattr(Inbox, "note", lambda *_: _answer(None))
    await bench.change("cus_1")
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _is_zero(bench.waiting()))
        await eventually(lambda: _at_least(bench, 1 if remembering else 2))
        await eventually(lambda: _is_zero(bench.messages_left()))
    assert next(crashes, "met") == "met"
    assert await bench.ledger() == {"cus_1": [1] if remembering else [1, 1]}


async def test_what_a_shortcut_settles_has_no_transaction_and_the_rest_is_handled_in_order(bench: Bench) -> None:
    asked: list[int] = []

    async def settles_even(_: CustomerUpdated, envelope: Envelope) -> bool:
        asked.append(envelope.version)
        if asked == [1, 2]:
            raise OSError("asked again")
        return envelope.version % 2 == 0

    bench.shortcuts = {CustomerUpdated: settles_even}
    await bench.change("cus_1", times=4)
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _answer(asked == [1, 2, 2, 3, 4]))
        await eventually(lambda: _is_zero(bench.messages_left()))
    assert await bench.ledger() == {"cus_1": [1, 3]}
    assert await bench.mongo.database["inbox"].count_documents({}) == 2
    assert bench.committed == [CustomerUpdated.routing_key] * 4


async def test_an_effect_that_is_rolled_back_is_retried(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rapport_shared.delivery.consumer.RETRY_PAUSES_SECONDS", (0.01, 0.01, 0.01))
    failures = iter([True, True])

    def fail(_: CustomerUpdated) -> None:
        if next(failures, False):
            raise LookupError("not yet")

    bench.fail = fail
    await bench.change("cus_1", times=2)
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _everything_arrived(bench, ["cus_1"], 2))
    assert bench.handled == [("cus_1", 1), ("cus_1", 1), ("cus_1", 1), ("cus_1", 2)]


async def test_a_poison_message_is_put_aside_with_its_reason_and_stops_nobody(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rapport_shared.delivery.consumer.RETRY_PAUSES_SECONDS", (0.01,))
    poisoned = True

    def fail(event: CustomerUpdated) -> None:
        if poisoned and event.customer_id == "cus_3":
            raise ValueError("Zhang San, +8613812345678")

    bench.fail = fail
    await bench.change(*SUBJECTS)
    healthy = [subject for subject in SUBJECTS if subject != "cus_3"]
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _everything_arrived(bench, healthy, 1))
        (letter,) = await eventually(bench.dead_letters)
        assert (letter.reason, letter.detail) == ("HANDLER_FAILED", "ValueError")
        assert letter.event_type == CustomerUpdated.routing_key
        poisoned = False
        async with bench.channel() as channel:
            assert [sent.message_id async for sent in redrive(channel, bench.group, 10)] == [letter.message_id]
        await eventually(lambda: _everything_arrived(bench, SUBJECTS, 1))
    assert await bench.dead_letters() == []


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"\xff not json", "not JSON"),
        (b"[]", "not a CloudEvents 1.0 message"),
        (b'{"specversion":"1.0","type":"rapport.customers.customer.exploded.v9"}', "unknown event type"),
        (b'{"specversion":"1.0","type":"rapport.customers.customer.updated.v1","data":{"customerId":7}}', "customerId"),
        (b"x" * 900_000, "not JSON"),
    ],
)
async def test_what_is_no_event_of_ours_is_put_aside_with_its_reason(bench: Bench, body: bytes, detail: str) -> None:
    async with bench.channel() as channel:
        exchange = await channel.get_exchange(EVENTS)
        await exchange.publish(Message(body, delivery_mode=DeliveryMode.PERSISTENT), CustomerUpdated.routing_key)
    await bench.change("cus_1")
    async with bench.relaying(), bench.consuming():
        await eventually(lambda: _everything_arrived(bench, ["cus_1"], 1))
        (letter,) = await eventually(bench.dead_letters)
    assert letter.reason == "MALFORMED_EVENT"
    assert detail in letter.detail


async def test_a_message_that_kills_its_consumer_is_dead_lettered_by_the_broker(bench: Bench) -> None:
    await bench.change("cus_1")
    async with bench.relaying():
        await eventually(lambda: _is_zero(bench.waiting()))
    for _ in range(DELIVERY_LIMIT + 1):  # a consumer that takes the message and dies
        taken = asyncio.Event()
        async with bench.channel() as channel:
            queue = await channel.get_queue(bench.group.queue)
            await queue.consume(partial(_set, taken))
            await asyncio.wait_for(taken.wait(), 10)
    (letter,) = await eventually(bench.dead_letters)
    assert letter.reason == "delivery_limit"


async def test_an_unroutable_event_waits_in_the_outbox_and_goes_when_it_can(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "RETRY_SECONDS", 0.1)
    refused = relay_module.REFUSED._value.get()
    async with bench.relaying():
        await bench.change("cus_0")
        await eventually(lambda: _is_zero(bench.waiting()))
        async with bench.channel() as channel:
            exchange = await channel.get_exchange(EVENTS)
            log = await channel.get_queue(LOG)
            queue = await channel.get_queue(bench.group.queue)
            await log.unbind(exchange, "#")
            await queue.unbind(exchange, CustomerUpdated.routing_key)
            await bench.change("cus_1")
            await eventually(lambda: _has_grown(refused))
            assert await bench.waiting() == 1
            await queue.bind(exchange, CustomerUpdated.routing_key)
            await eventually(lambda: _is_zero(bench.waiting()))
    async with bench.consuming():
        await eventually(lambda: _everything_arrived(bench, ["cus_0", "cus_1"], 1))


async def test_later_events_do_not_overtake_one_that_was_refused(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay_module, "RETRY_SECONDS", 1.0)
    refused = relay_module.REFUSED._value.get()
    async with bench.relaying(), bench.consuming(), bench.channel() as channel:
        await bench.change("cus_0")
        await eventually(lambda: _everything_arrived(bench, ["cus_0"], 1))
        exchange = await channel.get_exchange(EVENTS)
        log, queue = await channel.get_queue(LOG), await channel.get_queue(bench.group.queue)
        await log.unbind(exchange, "#")
        await queue.unbind(exchange, CustomerUpdated.routing_key)
        await bench.change("cus_1")
        await eventually(lambda: _has_grown(refused))
        await queue.bind(exchange, CustomerUpdated.routing_key)
        await bench.change("cus_1", "cus_2")
        await eventually(lambda: _at_least(bench, 4))
    assert await bench.ledger() == {"cus_0": [1], "cus_1": [1, 2], "cus_2": [1]}


async def test_two_relays_of_one_service_take_turns(bench: Bench) -> None:
    async with bench.relaying(), bench.relaying(), bench.consuming():
        await bench.change(*SUBJECTS, times=5)
        await eventually(lambda: _everything_arrived(bench, SUBJECTS, 5))


async def test_a_link_ends_whatever_its_body_does_when_it_is_told_to(bench: Bench) -> None:
    is_running = asyncio.Event()

    async def fails(_: object) -> None:
        is_running.set()
        try:
            await asyncio.Event().wait()
        finally:
            raise ConnectionResetError("as where the broker goes at the same time")

    link = asyncio.create_task(BrokerLink(bench.amqp_url, "test", fails).run())
    await is_running.wait()
    link.cancel()
    await asyncio.wait({link}, timeout=10)
    assert link.cancelled()


async def test_a_link_starts_anew_when_one_of_its_bodies_ends_or_its_connection_is_lost(bench: Bench) -> None:
    started: list[str] = []

    async def waits(_: AbstractConnection) -> None:
        started.append("waits")
        await asyncio.Event().wait()

    async def ends(_: AbstractConnection) -> None:
        started.append("ends")

    async def loses(connection: AbstractConnection) -> None:
        started.append("loses")
        assert connection.transport is not None
        await connection.transport.connection.close()
        await asyncio.Event().wait()

    for bodies in ((waits, ends), (loses,), (waits, loses)):
        started.clear()
        wanted = sorted([body.__name__ for body in bodies] * 2)
        async with running(BrokerLink(bench.amqp_url, "test", *bodies).run()):
            await eventually(partial(_begins_with, started, wanted))


async def test_nothing_is_lost_when_the_broker_is_killed_in_mid_load(
    bench_to_kill: Bench, broker_to_kill: Broker
) -> None:
    bench, broker = bench_to_kill, broker_to_kill
    killed = broker.pid
    if killed is None:
        pytest.skip("the broker is not ours to kill")
    async with bench.relaying(), bench.consuming():
        enough = asyncio.Event()
        load = asyncio.create_task(_load(bench, enough))
        await eventually(lambda: _at_least(bench, 100))
        os.kill(killed, signal.SIGKILL)
        await eventually(bench.waiting)  # the kill meets the load
        await eventually(lambda: _is_down(broker))
        enough.set()
        await asyncio.to_thread(broker.start)
        assert broker.pid not in {None, killed}
        rounds = await load
        await eventually(lambda: _everything_arrived(bench, SUBJECTS, rounds), seconds=60)
        await eventually(lambda: _is_zero(bench.waiting()))
    assert await bench.messages_left() == 0
    assert await bench.dead_letters() == []


async def _load(bench: Bench, enough: asyncio.Event) -> int:
    """How many changes of each subject were made."""
    rounds = 0
    while not enough.is_set():
        await bench.change(*SUBJECTS)
        rounds += 1
    return rounds


async def _is_down(broker: Broker) -> bool:
    return broker.children[-1].exit_code is not None


async def _at_least(bench: Bench, effects: int) -> bool:
    return await bench.mongo.database["ledger"].count_documents({}) >= effects


async def _is_zero(count: Awaitable[int]) -> bool:
    return await count == 0


async def _has_grown(before: float) -> bool:
    return bool(relay_module.REFUSED._value.get() > before)


async def _set(event: asyncio.Event, _: object) -> None:
    event.set()


async def _begins_with(started: Sequence[str], wanted: Sequence[str]) -> bool:
    return sorted(started[: len(wanted)]) == wanted


async def _answer(value: Any) -> Any:
    return value
