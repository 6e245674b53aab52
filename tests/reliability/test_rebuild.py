"""A consumer that begins from nothing and is sent the whole log has what the one has that was there all the time."""

import asyncio
import random
import secrets
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from messaging_bench import running
from reliability.client import Client, http_session
from reliability.facts import EndState
from reliability.load import Journal, Worker
from reliability.rest import come_to_rest
from reliability.summary import Size, Summary
from waiting import eventually

from rapport_local.testing import RunningSystem
from rapport_shared.access.records import COLLECTION as ACCESS
from rapport_shared.clock import system_clock
from rapport_shared.delivery import Consumer
from rapport_shared.messaging import BrokerLink, ConsumerGroup, declare_consumer, open_channel, replay_log
from rapport_shared.mongo import Database, Mongo, connect, create_indexes, database_name
from rapport_shared.persistence import BOOKKEEPING_INDEXES, Transactions
from rapport_tasks.app import INDEXES
from rapport_tasks.consumers import HANDLERS
from rapport_tasks.projections.customers import INDEXES as CUSTOMER_INDEXES
from rapport_tasks.work import SERVICE, TasksWork

STORIES = 4
# Every event is handled in a transaction here; after a night's campaign there are some ten thousand.
REPLAY_SECONDS = 900
BEGINNING = datetime(2020, 1, 1, tzinfo=UTC)
# Whole documents, or these fields; of tasks, whose ids are new, what asked for them.
COPIES = {
    "customers": None,
    "interactions": None,
    ACCESS: ("kind", "version", "role", "active", "team_id", "parent_id"),
}

# How often a transaction has held the copy is no part of it.
LOCKS = ("held",)


@pytest.mark.reliability
@pytest.mark.timeout(1500)
async def test_a_consumer_that_is_rebuilt_from_the_log_has_what_the_old_one_has(
    running_system: RunningSystem, end_state: EndState, size: Size, summary: Summary
) -> None:
    await _work(running_system, size)
    await come_to_rest(end_state)
    prefix, url = running_system.addresses.database_prefix, running_system.addresses.mongo_url
    old, new = connect(url, database_name(prefix, SERVICE)), connect(url, f"{prefix}_new_{secrets.token_hex(3)}")
    try:
        await create_indexes(new.database, (*BOOKKEEPING_INDEXES, *INDEXES, *CUSTOMER_INDEXES))
        wanted = await _handled(old.database)
        await _replay(running_system.addresses.amqp_url, new, wanted)
        found = {name: await _copies(mongo.database) for name, mongo in (("old", old), ("new", new))}
    finally:
        await old.close()
        await new.close()
    summary.lines.append(f"rebuilt from the log: {len(wanted)} events, {sum(map(len, found['new'].values()))} records")
    assert len(found["old"]["customers"]) >= STORIES
    assert found["old"]["follow-ups"]
    assert found["new"] == found["old"]


async def _work(system: RunningSystem, size: Size) -> None:
    manager = system.accounts["manager"]
    async with http_session() as http:
        worker = Worker(Client(system.gateway, manager, http), Journal(), [str(manager.id)], random.Random(size.seed))
        customer = await worker.create()
        assert customer is not None
        for _ in range(STORIES):
            await worker.one_story()
            await worker.record(customer.id)


async def _replay(amqp_url: str, mongo: Mongo, wanted: set[str]) -> None:
    """Have a new group handle the whole log, until it has handled ``wanted``."""
    group = ConsumerGroup(f"{SERVICE}-{secrets.token_hex(3)}")
    keys = {event_type.routing_key for event_type in HANDLERS}
    consumer = Consumer(group, HANDLERS, Transactions(mongo, partial(TasksWork, clock=system_clock)), mongo)

    async def caught_up() -> bool:
        # Reading them all at every look would take most of the time.
        there = await mongo.database["inbox"].estimated_document_count()
        return there >= len(wanted) and wanted <= await _handled(mongo.database)

    async with open_channel(amqp_url) as channel:
        queue = await declare_consumer(channel, group, keys)
        async with running(BrokerLink(amqp_url, "test-rebuilt", consumer.run).run()):
            async for _ in replay_log(
                channel, group.queue, wanted=keys.__contains__, since=BEGINNING, until=datetime.now(UTC)
            ):
                await asyncio.sleep(0)
            await eventually(caught_up, seconds=REPLAY_SECONDS)
        await queue.delete(if_unused=False, if_empty=False)
        await channel.queue_delete(group.dead_letter_queue)


async def _handled(database: Database) -> set[str]:
    return {row["_id"] for row in await database["inbox"].find({}, {"_id": 1}).to_list(None)}


async def _copies(database: Database) -> dict[str, dict[Any, Any]]:
    found: dict[str, dict[Any, Any]] = {}
    for collection, fields in COPIES.items():
        rows = await database[collection].find().to_list(None)
        found[collection] = {
            row["_id"]: {
                name: value for name, value in row.items() if (name in fields if fields else name not in LOCKS)
            }
            for row in rows
        }
    follow_ups = await database["tasks"].find({"interaction_id": {"$ne": None}}).to_list(None)
    found["follow-ups"] = {task["interaction_id"]: task["due_at"] for task in follow_ups}
    return found
