"""The open tasks of a user become another's, step by step."""

from datetime import timedelta
from typing import Any

import pytest
from heard_events import hear

from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.transfers import TransferStarted, TransferState
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_tasks.app import transfer_service
from rapport_tasks.consumers import HANDLERS
from rapport_tasks.tasks.service import TaskService
from rapport_tasks.transfers import service as steps
from rapport_tasks.work import TasksWork

pytestmark = pytest.mark.usefixtures("company")


def started(**given: Any) -> TransferStarted:
    asked = {"from_id": "usr_seller", "to_id": "usr_rival", "customers": True, "tasks": True, **given}
    return TransferStarted(transfer_id="trf_1", after=TransferState(**asked))


async def finish(mongo: Mongo, clock: ManualClock) -> None:
    while await transfer_service(mongo, clock).step():  # each time another worker
        pass


async def test_open_tasks_move_once_and_keep_their_dates(
    service: TaskService,
    mongo: Mongo,
    clock: ManualClock,
    seller: Actor,
    transactions: Transactions[TasksWork],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "CHUNK", 2)
    due = clock() + timedelta(days=3)
    tasks = [
        await service.create({"title": "Call", "assignee_id": seller.id, "due_at": due}, by=seller) for _ in range(6)
    ]
    await service.complete(tasks[0].id, result=None, expected_version=None, by=seller)
    for version in (1, 2):
        await hear(transactions, HANDLERS, started(), version=version, at=clock())
    await finish(mongo, clock)
    found = {task["_id"]: task async for task in mongo.database["tasks"].find()}
    assert [found[task.id]["assignee_id"] for task in tasks] == ["usr_seller", *["usr_rival"] * 5]
    assert {task["due_at"] for task in found.values()} == {due}
    told = await mongo.database["outbox"].find({"routing_key": "tasks.transfer.completed.v1"}).to_list(None)
    assert [b'"records":5' in bytes(row["body"]) for row in told] == [True]
    assert {row["actor"] async for row in mongo.database["audit"].find({"action": "tasks.task.updated"})} == {
        "usr_admin"
    }


async def test_a_transfer_may_be_of_some_customers_or_of_no_tasks(
    service: TaskService, mongo: Mongo, clock: ManualClock, seller: Actor, transactions: Transactions[TasksWork]
) -> None:
    ours = await service.create({"title": "A", "assignee_id": seller.id, "customer_id": "cus_seller"}, by=seller)
    await service.create({"title": "B", "assignee_id": seller.id}, by=seller)
    await hear(transactions, HANDLERS, started(tasks=False), version=1, at=clock())
    assert await mongo.database["transfers"].count_documents({}) == 0
    chosen = started(customer_ids=("cus_seller",), to_id=None)
    await hear(transactions, HANDLERS, chosen, version=1, at=clock())
    await finish(mongo, clock)
    moved = mongo.database["tasks"].find({"assignee_id": None})
    assert [task["_id"] async for task in moved] == [ours.id]
