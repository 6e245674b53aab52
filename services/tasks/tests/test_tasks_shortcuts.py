"""A change of a customer that tells nothing new costs one command, and leaves what handling it would have left."""

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial

from database_calls import commands
from settled_events import changes_of_customers, heard

from rapport_shared.clock import ManualClock
from rapport_shared.contracts.interactions import InteractionRecorded, InteractionState, InteractionUpdated
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_tasks.consumers import HANDLERS, shortcuts
from rapport_tasks.projections.customers import COLLECTION, Customers
from rapport_tasks.projections.interactions import interactions
from rapport_tasks.tasks.follow_ups import InteractionEvent
from rapport_tasks.work import TasksWork


async def test_what_is_kept_is_the_same_with_shortcuts(
    transactions: Transactions[TasksWork], mongo: Mongo, clock: ManualClock
) -> None:
    settling = shortcuts(Customers(mongo.database, COLLECTION), interactions(mongo.database))
    saved = 0
    for seed in range(4):
        told = changes_of_customers(random.Random(seed), clock)
        wanted, _ = await heard(told, transactions, HANDLERS, {}, mongo)
        found, settled = await heard(told, transactions, HANDLERS, settling, mongo)
        assert found == wanted
        saved += settled
    assert saved > 0
    event, envelope = changes_of_customers(random.Random(0), clock, customers=1, versions=1)[0]
    await mongo.database["customers"].delete_many({})
    before = commands()
    assert await settling[type(event)](event, envelope)
    assert commands() - before == 1
    assert not await settling[type(event)](event, envelope)


async def test_a_communication_that_asks_for_nothing_new_costs_one_command(
    transactions: Transactions[TasksWork], mongo: Mongo, clock: ManualClock
) -> None:
    settling = shortcuts(Customers(mongo.database, COLLECTION), interactions(mongo.database))
    due = clock() + timedelta(days=1)

    async def costs(event: InteractionEvent, version: int) -> int | None:
        """How many commands the shortcut takes; None where it leaves the event to its handler, which is called."""
        envelope = replace(changes_of_customers(random.Random(0), clock)[0][1], version=version)
        before = commands()
        if await settling[type(event)](event, envelope):
            return commands() - before
        await transactions.run(partial(HANDLERS[type(event)], event, envelope))
        return None

    nothing, wish = spoken(None), spoken(due)
    told: list[tuple[InteractionEvent, int, int | None]] = [
        (InteractionRecorded(interaction_id="int_1", after=nothing), 1, 1),
        (InteractionUpdated(interaction_id="int_1", changed=("content",), before=nothing, after=nothing), 2, 1),
        (InteractionRecorded(interaction_id="int_1", after=nothing), 1, None),
        (InteractionUpdated(interaction_id="int_1", changed=(), before=nothing, after=wish), 3, None),
        (InteractionUpdated(interaction_id="int_1", changed=("content",), before=wish, after=wish), 5, 1),
        (InteractionUpdated(interaction_id="int_1", changed=(), before=wish, after=nothing), 4, None),
        (InteractionRecorded(interaction_id="int_2", after=wish), 1, None),
    ]
    for event, version, cost in told:
        assert await costs(event, version) == cost
    known = await mongo.database["interactions"].find().sort("_id", 1).to_list(None)
    assert known == [
        {"_id": "int_1", "version": 5, "follow_up_at": due},
        {"_id": "int_2", "version": 1, "follow_up_at": due},
    ]
    assert await mongo.database["tasks"].count_documents({"due_at": due, "status": "OPEN"}) == 2


def spoken(follow_up_at: datetime | None) -> InteractionState:
    return InteractionState(
        customer_id="cus_1",
        customer_owner_id="usr_a",
        author_id="usr_a",
        channel="PHONE",
        occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
        next_follow_up_at=follow_up_at,
    )
