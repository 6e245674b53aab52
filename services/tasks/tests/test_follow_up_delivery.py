"""Follow-ups on the real broker: events in by RabbitMQ, handled by the worker process's app, its events out again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import aio_pika
import aiohttp
import pytest
from subgraph_client import TestIssuer
from waiting import eventually

from rapport_shared.actor import Actor
from rapport_shared.clock import system_clock
from rapport_shared.contracts.customers import CustomerCreated, CustomerState
from rapport_shared.contracts.interactions import (
    InteractionDeleted,
    InteractionRecorded,
    InteractionState,
    InteractionUpdated,
)
from rapport_shared.delivery import Consumer
from rapport_shared.delivery.consumer import HANDLED
from rapport_shared.events import Envelope, Event, encode
from rapport_shared.ids import new_event_id
from rapport_shared.messaging import ConsumerGroup, declare_exchanges, open_channel
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_tasks.app import worker
from rapport_tasks.consumers import HANDLERS
from rapport_tasks.settings import Settings
from rapport_tasks.tasks.service import TaskService
from rapport_tasks.work import SERVICE, TasksWork

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
MONDAY, FRIDAY = NOW + timedelta(days=1), NOW + timedelta(days=5)
PATIENCE_SECONDS = 30
KNOCK = "Knock"
SUBSCRIBE = """subscription {
  taskChanged { kind node { title origin assigneeId dueAt interactionId createdBy { id } } }
}"""
T = TypeVar("T")
Publish = Callable[..., Awaitable[bytes]]


def state(due_at: datetime | None, *, customer_id: str = "cus_seller", deleted: bool = False) -> InteractionState:
    return InteractionState(
        customer_id=customer_id,
        customer_owner_id="usr_rival",  # what the interactions service believed
        author_id="usr_admin",
        channel="PHONE",
        occurred_at=NOW,
        next_follow_up_at=due_at,
        deleted=deleted,
    )


@pytest.fixture
async def publish(mongo: Mongo, settings: Settings) -> AsyncIterator[Publish]:
    """``await publish(event, version)``: brings an event to the broker and returns the message, to be sent again."""
    async with open_channel(settings.amqp_url) as channel:  # the database's migration has declared the queue
        exchange = await declare_exchanges(channel)
        await (await channel.get_queue(ConsumerGroup(SERVICE).queue)).purge()

        async def put(event: Event, version: int, *, again: bytes | None = None) -> bytes:
            envelope = Envelope(
                id=new_event_id(),
                routing_key=event.routing_key,
                source="/rapport/interactions",
                subject=event.subject,
                time=NOW,
                version=version,
                actor="usr_admin",
                correlation_id="cor",
            )
            body = again or encode(envelope, event)
            message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await exchange.publish(message, event.routing_key, mandatory=True)
            return body

        yield put


@pytest.fixture
def run_worker(mongo: Mongo, settings: Settings, serve: Any) -> Callable[[], Any]:
    """``async with run_worker()``: the worker process's app; ends before the database is emptied."""
    return lambda: serve(worker(settings))


async def task_of(mongo: Mongo, interaction_id: str, **wanted: Any) -> dict[str, Any] | None:
    return await mongo.database["tasks"].find_one({"interaction_id": interaction_id, **wanted})


def handled(event_type: type[Event], outcome: str) -> float:
    samples = [sample for metric in HANDLED.collect() for sample in metric.samples if sample.name.endswith("_total")]
    wanted = {"consumer": SERVICE, "event": event_type.routing_key, "outcome": outcome}
    return sum(sample.value for sample in samples if sample.labels == wanted)


class DiesAfterCommit(Transactions[TasksWork]):
    """What a worker does that is killed between its commit and its acknowledgement."""

    def __init__(self, mongo: Mongo) -> None:
        super().__init__(mongo, partial(TasksWork, clock=system_clock))
        self.committed: list[Any] = []
        self.commits = asyncio.Event()

    async def run(self, change: Callable[[TasksWork], Awaitable[T]]) -> T:
        self.committed.append(await super().run(change))
        self.commits.set()
        return await asyncio.Future()


async def consume_and_die(settings: Settings, mongo: Mongo) -> list[Any]:
    """Handle what comes first, and lose the connection before the broker hears of it."""
    dying = DiesAfterCommit(mongo)
    async with await aio_pika.connect(settings.amqp_url) as connection:
        consuming = asyncio.create_task(Consumer(ConsumerGroup(SERVICE), HANDLERS, dying, mongo).run(connection))
        await asyncio.wait_for(dying.commits.wait(), PATIENCE_SECONDS)
    consuming.cancel()
    await asyncio.gather(consuming, return_exceptions=True)
    return dying.committed


@pytest.mark.usefixtures("company")
async def test_an_event_that_comes_five_times_makes_one_task(
    publish: Publish, run_worker: Any, settings: Settings, mongo: Mongo
) -> None:
    event = InteractionRecorded(interaction_id="int_five", after=state(MONDAY))
    message = await publish(event, 1)
    assert await consume_and_die(settings, mongo) == ["handled"]
    assert await consume_and_die(settings, mongo) == ["repeated"]  # the broker has delivered it again
    for _ in range(2):
        await publish(event, 1, again=message)
    before = handled(InteractionRecorded, "repeated")
    async with run_worker():

        async def all_heard() -> bool:
            return handled(InteractionRecorded, "repeated") == before + 3

        await eventually(all_heard)  # the second redelivery and the two copies
    assert await mongo.database["tasks"].count_documents({}) == 1
    assert await mongo.database["outbox"].count_documents({"routing_key": "tasks.task.created.v1"}) == 1
    task = await task_of(mongo, "int_five")
    assert task is not None
    assert (task["assignee_id"], task["due_at"], task["status"]) == ("usr_seller", MONDAY, "OPEN")


@pytest.mark.usefixtures("company")
async def test_a_follow_up_moves_ends_and_comes_back_with_its_communication(
    publish: Publish, run_worker: Any, mongo: Mongo, service: TaskService, admin: Actor
) -> None:
    def updated(before: datetime | None, after: datetime | None) -> InteractionUpdated:
        return InteractionUpdated(
            interaction_id="int_1", changed=("next_follow_up_at",), before=state(before), after=state(after)
        )

    async with run_worker():
        await publish(InteractionRecorded(interaction_id="int_1", after=state(MONDAY)), 1)
        await eventually(lambda: task_of(mongo, "int_1", due_at=MONDAY))
        await publish(updated(MONDAY, FRIDAY), 2)
        task = await eventually(lambda: task_of(mongo, "int_1", due_at=FRIDAY))
        await publish(updated(FRIDAY, None), 3)
        await eventually(lambda: task_of(mongo, "int_1", status="CANCELLED"))
        await publish(updated(None, MONDAY), 5)
        await eventually(lambda: task_of(mongo, "int_1", status="OPEN", due_at=MONDAY))
        stale = handled(InteractionUpdated, "handled")
        await publish(updated(MONDAY, FRIDAY), 4)  # late

        async def late_heard() -> bool:
            return handled(InteractionUpdated, "handled") == stale + 1

        await eventually(late_heard)
        await eventually(lambda: task_of(mongo, "int_1", status="OPEN", due_at=MONDAY, version=4))
        await service.complete(task["_id"], result="talked", expected_version=4, by=admin)
        gone = state(MONDAY, deleted=True)
        await publish(InteractionDeleted(interaction_id="int_1", before=state(MONDAY), after=gone), 6)

        async def deletion_heard() -> dict[str, Any] | None:
            return await mongo.database["interactions"].find_one({"_id": "int_1", "version": 6})

        await eventually(deletion_heard)
    task = await eventually(lambda: task_of(mongo, "int_1"))
    assert (task["status"], task["result"], task["version"]) == ("DONE", "talked", 5)
    assert await mongo.database["tasks"].count_documents({}) == 1


async def test_a_follow_up_that_is_asked_for_before_its_customer_is_known_is_mended_later(
    publish: Publish, run_worker: Any, mongo: Mongo, service: TaskService, rival: Actor
) -> None:
    async with run_worker():
        asked = state(MONDAY, customer_id="cus_late")
        await publish(InteractionRecorded(interaction_id="int_early", after=asked), 1)
        task = await eventually(lambda: task_of(mongo, "int_early"))
        assert (task["assignee_id"], task["customer_owner_id"]) == (rival.id, rival.id)
        assert list(await service.customer_counts(["cus_late"], {}, by=rival)) == ["cus_late"]
        known = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_seller")
        await publish(CustomerCreated(customer_id="cus_late", after=known), 1)
        await eventually(lambda: task_of(mongo, "int_early", customer_owner_id="usr_seller"))


@asynccontextmanager
async def subscribed(
    session: aiohttp.ClientSession, api_url: str, token: str, knock: Callable[[], Awaitable[object]]
) -> AsyncIterator[Callable[[], Awaitable[dict[str, Any]]]]:
    """An open taskChanged subscription; yields a function that waits for its next follow-up.

    A subscription is not acknowledged, so ``knock`` makes tasks of the subscriber's own until one is heard of.
    """
    async with session.ws_connect(f"{api_url}/graphql", protocols=["graphql-transport-ws"]) as socket:

        async def notice() -> dict[str, Any]:
            message = await socket.receive_json(timeout=PATIENCE_SECONDS)
            assert message["type"] == "next", message
            change: dict[str, Any] = message["payload"]["data"]["taskChanged"]
            return change

        async def next_follow_up() -> dict[str, Any]:
            while (change := await notice())["node"]["title"] == KNOCK:
                pass
            return change

        await socket.send_json({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})
        assert (await socket.receive_json(timeout=PATIENCE_SECONDS))["type"] == "connection_ack"
        await socket.send_json({"type": "subscribe", "id": "1", "payload": {"query": SUBSCRIBE}})
        first = asyncio.create_task(notice())
        while not first.done():
            await knock()
            await asyncio.wait({first}, timeout=0.1)
        assert first.result()["node"]["title"] == KNOCK
        yield next_follow_up


@pytest.mark.usefixtures("company")
async def test_the_owner_hears_of_a_follow_up_and_others_do_not(
    publish: Publish,
    run_worker: Any,
    api_url: str,
    session: aiohttp.ClientSession,
    issuer: TestIssuer,
    seller: Actor,
    rival: Actor,
    service: TaskService,
) -> None:
    def knock_of(by: Actor) -> Callable[[], Awaitable[object]]:
        return lambda: service.create({"title": KNOCK}, by=by)

    async with (
        run_worker(),
        subscribed(session, api_url, issuer.token(seller), knock_of(seller)) as sellers_notice,
        subscribed(session, api_url, issuer.token(rival), knock_of(rival)) as rivals_notice,
    ):
        await publish(InteractionRecorded(interaction_id="int_live", after=state(MONDAY)), 1)
        heard = await sellers_notice()
        assert (heard["kind"], heard["node"]) == (
            "ENTER",
            {
                "title": "Follow up · 跟进 (PHONE)",
                "origin": "FOLLOW_UP",
                "assigneeId": seller.id,
                "dueAt": "2026-03-02T09:00:00.000Z",
                "interactionId": "int_live",
                "createdBy": None,
            },
        )
        # What the rival hears first is theirs: nothing of the seller's came before it.
        await publish(InteractionRecorded(interaction_id="int_theirs", after=state(MONDAY, customer_id="cus_rival")), 1)
        assert (await rivals_notice())["node"]["interactionId"] == "int_theirs"
