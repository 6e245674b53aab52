"""What the log has is sent to a queue again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractQueue
from subgraph_client import SubgraphClient

from rapport_automation.app import replayer
from rapport_automation.replays.replayer import Replayer
from rapport_automation.settings import Settings
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock, to_milliseconds
from rapport_shared.contracts.customers import CustomerCreated, CustomerState
from rapport_shared.events import CONTENT_TYPE, Envelope, encode
from rapport_shared.ids import new_event_id
from rapport_shared.messaging import declare_exchanges, open_channel
from rapport_shared.mongo import Mongo

REPLAY = "replay { id status sent failure }"


@pytest.fixture
async def channel(settings: Settings) -> AsyncIterator[AbstractChannel]:
    async with open_channel(settings.amqp_url) as opened:
        yield opened


@pytest.fixture
async def queue(channel: AbstractChannel) -> AsyncIterator[AbstractQueue]:
    name = f"warehouse-{new_event_id()}"
    declared = await channel.declare_queue(name, durable=True, arguments={"x-queue-type": "quorum"})
    yield declared
    await declared.delete(if_unused=False, if_empty=False)


@pytest.fixture
def works(mongo: Mongo, clock: ManualClock) -> Replayer:
    return replayer(mongo, clock)


@pytest.fixture
def start_time() -> datetime:
    """Now, by the broker's clock: the log is found by when the broker was told."""
    return to_milliseconds(datetime.now(UTC))


async def publish(channel: AbstractChannel, number: int, at: datetime) -> str:
    """One event, through the exchange that feeds the log; its id."""
    state = CustomerState(kind="PERSON", stage="LEAD", owner_id=None)
    event = CustomerCreated(customer_id=f"cus_{number}", after=state)
    envelope = Envelope(
        id=new_event_id(),
        routing_key=event.routing_key,
        source="/rapport/test",
        subject=event.subject,
        time=at,
        version=1,
        actor="system",
        correlation_id="c0ffee",
    )
    exchange = await declare_exchanges(channel)
    message = aio_pika.Message(
        encode(envelope, event), message_id=envelope.id, type=event.routing_key, content_type=CONTENT_TYPE
    )
    await exchange.publish(message, event.routing_key)
    return envelope.id


async def received(queue: AbstractQueue) -> list[str]:
    found = []
    while message := await queue.get(fail=False):
        await message.ack()
        found.append(str(message.message_id))
    return found


async def do(works: Replayer, settings: Settings, replay_id: str) -> None:
    replay = await works._replays.running()
    assert replay is not None
    assert replay.id == replay_id
    connection = await aio_pika.connect(settings.amqp_url)
    async with connection:
        await works.do(replay, connection)


async def start(client: SubgraphClient, queue: str, by: Actor, since: datetime, **given: Any) -> Any:
    period = {"queue": queue, "since": since.isoformat(), **given}
    return await client.mutate("startReplay", REPLAY, period, by=by)


async def state(client: SubgraphClient, replay_id: str, by: Actor) -> Any:
    document = "query($id: ID!) { replay(id: $id) { status sent failure } }"
    return (await client.query(document, {"id": replay_id}, by=by)).data["replay"]


async def test_a_queue_gets_what_happened_in_a_period_in_order_and_nothing_else(
    client: SubgraphClient,
    works: Replayer,
    settings: Settings,
    clock: ManualClock,
    channel: AbstractChannel,
    queue: AbstractQueue,
    admin: Actor,
    start_time: datetime,
) -> None:
    clock.advance(start_time + timedelta(hours=1) - clock())
    await publish(channel, 0, start_time - timedelta(seconds=1))
    wanted = [await publish(channel, number, start_time + timedelta(milliseconds=number)) for number in range(250)]
    await publish(channel, 0, start_time + timedelta(minutes=30))
    until = (start_time + timedelta(minutes=20)).isoformat()
    events = ["customers.customer.#"]
    replay = (await start(client, queue.name, admin, start_time, until=until, events=events))["replay"]
    await do(works, settings, replay["id"])
    assert await received(queue) == wanted
    assert await state(client, replay["id"], admin) == {"status": "DONE", "sent": 250, "failure": None}
    # The whole again, cut short after the first note: it goes on from there, and repeats nothing before it.
    again = (await start(client, queue.name, admin, start_time, until=until))["replay"]
    found = await works._replays.running()
    assert found is not None
    async with await aio_pika.connect(settings.amqp_url) as connection:
        cut = asyncio.create_task(works.do(found, connection))
        while not (await state(client, again["id"], admin))["sent"]:  # noqa: ASYNC110 - the database tells
            await asyncio.sleep(0.005)
        cut.cancel()
        await asyncio.gather(cut, return_exceptions=True)
    so_far = await state(client, again["id"], admin)
    if so_far["status"] == "RUNNING":
        await do(works, settings, again["id"])
    got = await received(queue)
    assert list(dict.fromkeys(got)) == wanted
    assert len(got) <= len(wanted) + 100


async def test_a_queue_that_is_not_there_fails_the_replay(
    client: SubgraphClient,
    works: Replayer,
    settings: Settings,
    clock: ManualClock,
    channel: AbstractChannel,
    admin: Actor,
    start_time: datetime,
) -> None:
    clock.advance(start_time + timedelta(hours=3) - clock())
    await publish(channel, 1, start_time)
    replay = (await start(client, f"nowhere-{new_event_id()}", admin, start_time))["replay"]
    await do(works, settings, replay["id"])
    assert await state(client, replay["id"], admin) == {"status": "FAILED", "sent": 0, "failure": "QUEUE_NOT_FOUND"}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"queue": "rapport.customers"}, "INVALID_QUEUE"),
        ({"queue": ""}, "INVALID_QUEUE"),
        ({"since": "2999-03-01T09:00:00Z"}, "INVALID_PERIOD"),
        ({"events": ["a..b"]}, "INVALID_EVENTS"),
    ],
)
async def test_bad_replays_are_refused(
    client: SubgraphClient, mongo: Mongo, admin: Actor, given: dict[str, Any], code: str
) -> None:
    sound = {"queue": "warehouse", "since": "2026-02-28T00:00:00Z"}
    refused = await client.mutate("startReplay", REPLAY, {**sound, **given}, by=admin)
    assert [error["code"] for error in refused["userErrors"]] == [code]
    assert await mongo.database["replays"].count_documents({}) == 0


async def test_only_who_may_see_everything_starts_replays(client: SubgraphClient, integrator: Actor) -> None:
    refused = await start(client, "warehouse", integrator, datetime(2026, 2, 28, tzinfo=UTC))
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


async def test_a_replay_ends_though_others_go_on_publishing(
    client: SubgraphClient,
    works: Replayer,
    settings: Settings,
    clock: ManualClock,
    channel: AbstractChannel,
    queue: AbstractQueue,
    admin: Actor,
    start_time: datetime,
) -> None:
    clock.advance(start_time + timedelta(seconds=1) - clock())
    wanted = [await publish(channel, number, start_time) for number in range(3)]
    replay = (await start(client, queue.name, admin, start_time))["replay"]

    async def go_on() -> None:
        while True:
            await publish(channel, 0, start_time + timedelta(seconds=30))
            await asyncio.sleep(0.2)

    others = asyncio.create_task(go_on())
    await do(works, settings, replay["id"])
    others.cancel()
    assert await received(queue) == wanted
