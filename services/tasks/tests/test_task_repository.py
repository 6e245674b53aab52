"""Tasks on the real database wire."""

import asyncio
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

import pytest

from rapport_shared.actor import SYSTEM, Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.interactions import InteractionState
from rapport_shared.errors import IdempotencyKeyReused, VersionConflict
from rapport_shared.events import decode
from rapport_shared.mongo import DuplicateKey, Mongo, Order, page_request
from rapport_shared.persistence import Transactions
from rapport_shared.rights import Reach, Scope
from rapport_tasks.tasks.inputs import NEWEST_FIRST
from rapport_tasks.tasks.model import Task, TaskOrigin, TaskPriority, TaskStatus
from rapport_tasks.tasks.repository import INDEXES, TaskRepository
from rapport_tasks.tasks.service import TaskService, search_condition
from rapport_tasks.work import TasksWork

EVERYTHING = Scope(Reach.ALL)
pytestmark = pytest.mark.usefixtures("company")


async def create(service: TaskService, by: Actor, **details: Any) -> Task:
    return await service.create({"title": "Call back", **details}, by=by)


def follow_up(identifier: str, interaction_id: str, now: datetime) -> Task:
    asked = InteractionState(
        customer_id="cus_seller",
        customer_owner_id="usr_seller",
        author_id="usr_admin",
        channel="VISIT",
        occurred_at=now,
        next_follow_up_at=now + timedelta(days=7),
    )
    return Task.follow_up(identifier, interaction_id, asked, owner_id="usr_seller", now=now)


async def test_every_field_survives_the_round_trip(
    transactions: Transactions[TasksWork], repository: TaskRepository, clock: ManualClock
) -> None:
    task = follow_up("tsk_1", "int_1", clock())
    task.update({"description": "第一\n第二", "priority": "URGENT"}, now=clock())
    task.complete("谈成了", now=clock())

    async def save(work: TasksWork) -> None:
        await work.tasks.save(task, by=SYSTEM)

    await transactions.run(save)
    found = await repository.find("tsk_1", EVERYTHING)
    assert found == task
    assert found is not None
    assert all(getattr(found, field.name) for field in fields(Task) if field.name != "_recorded")
    assert (found.priority, found.status) == (TaskPriority.URGENT, TaskStatus.DONE)
    assert found.origin is TaskOrigin.FOLLOW_UP


async def test_a_change_and_its_event_commit_together(service: TaskService, admin: Actor, mongo: Mongo) -> None:
    made = await create(service, admin, description="张三 13800000000")
    await service.complete(made.id, result="李四", expected_version=1, by=admin)
    rows = await mongo.database["outbox"].find({"subject": made.id}).sort("_id", 1).to_list(None)
    assert [(row["routing_key"], row["version"]) for row in rows] == [
        ("tasks.task.created.v1", 1),
        ("tasks.task.completed.v1", 2),
    ]
    envelope, event = decode(rows[1]["body"])
    assert envelope.actor == admin.id
    assert event.after.status == "DONE"  # type: ignore[attr-defined]
    for secret in ("张三", "李四", made.title):
        assert all(secret.encode() not in row["body"] for row in rows)


async def test_a_rolled_back_change_leaves_no_event(
    transactions: Transactions[TasksWork], mongo: Mongo, clock: ManualClock
) -> None:
    async def change(work: TasksWork) -> None:
        await work.tasks.save(follow_up("tsk_1", "int_1", clock()), by=SYSTEM)
        raise RuntimeError("after the save")

    with pytest.raises(RuntimeError):
        await transactions.run(change)
    assert await mongo.database["tasks"].count_documents({}) == 0
    assert await mongo.database["outbox"].count_documents({}) == 0


async def test_concurrent_changes_are_each_applied_once(
    service: TaskService, repository: TaskRepository, admin: Actor, mongo: Mongo
) -> None:
    made = await create(service, admin)
    await asyncio.gather(
        *(service.update(made.id, {"title": f"title {n}"}, expected_version=None, by=admin) for n in range(5))
    )
    found = await repository.find(made.id, EVERYTHING)
    assert found is not None
    assert found.version == 6
    rows = await mongo.database["outbox"].find({"subject": made.id}).to_list(None)
    assert sorted(row["version"] for row in rows) == [1, 2, 3, 4, 5, 6]


async def test_a_stale_version_is_refused_with_the_current_record(service: TaskService, admin: Actor) -> None:
    made = await create(service, admin)
    await service.update(made.id, {"title": "Visit"}, expected_version=1, by=admin)
    for change in (
        service.update(made.id, {"title": "Write"}, expected_version=1, by=admin),
        service.complete(made.id, result=None, expected_version=1, by=admin),
        service.cancel(made.id, expected_version=1, by=admin),
        service.reopen(made.id, expected_version=1, by=admin),
    ):
        with pytest.raises(VersionConflict) as conflict:
            await change
        assert (conflict.value.current.title, conflict.value.current.status) == ("Visit", TaskStatus.OPEN)


async def test_one_idempotency_key_makes_one_task(service: TaskService, admin: Actor, mongo: Mongo) -> None:
    details = {"title": "Call back", "customer_id": "cus_seller"}
    made = await asyncio.gather(*(service.create(details, idempotency_key="k1", by=admin) for _ in range(4)))
    assert len({task.id for task in made}) == 1
    assert await mongo.database["tasks"].count_documents({}) == 1
    assert await mongo.database["outbox"].count_documents({}) == 1
    with pytest.raises(IdempotencyKeyReused):
        await service.create({**details, "title": "Visit"}, idempotency_key="k1", by=admin)


async def test_a_communication_has_one_follow_up_and_other_tasks_need_none(
    service: TaskService, transactions: Transactions[TasksWork], mongo: Mongo, clock: ManualClock, admin: Actor
) -> None:
    async def save(identifier: str) -> None:
        task = follow_up(identifier, "int_1", clock())

        async def change(work: TasksWork) -> None:
            await work.tasks.save(task, by=SYSTEM)

        await transactions.run(change)

    await save("tsk_1")
    with pytest.raises(DuplicateKey):
        await save("tsk_2")
    await create(service, admin)
    await create(service, admin)
    assert await mongo.database["tasks"].count_documents({"interaction_id": "int_1"}) == 1
    assert await mongo.database["tasks"].count_documents({"interaction_id": None}) == 2


async def walk(service: TaskService, by: Actor, order: tuple[Order, ...], *, backward: bool = False) -> list[Task]:
    """The whole list in pages of 3, a task that belongs to it being made between every two."""
    walked: list[Task] = []
    cursor: str | None = None
    while True:
        ends = {"last": 3, "before": cursor} if backward else {"first": 3, "after": cursor}
        asked: dict[str, Any] = {"first": None, "after": None, "last": None, "before": None, **ends}
        page = await service.page({}, page_request(**asked, order=order), by=by)
        walked = page.items + walked if backward else walked + page.items
        await create(service, by, priority="HIGH")
        if not (page.has_previous if backward else page.has_next):
            return walked
        cursor = page.cursors[0] if backward else page.cursors[-1]


@pytest.mark.parametrize(
    "order",
    [NEWEST_FIRST, (Order("due_at"),), (Order("due_at", descending=True), Order("priority_rank"))],
    ids=["newest first", "due", "due descending, priority"],
)
@pytest.mark.parametrize("backward", [False, True])
async def test_walking_a_list_while_others_insert_gives_each_record_once(
    service: TaskService, clock: ManualClock, admin: Actor, order: tuple[Order, ...], backward: bool
) -> None:
    made = set()
    for number in range(14):  # ties and nulls in the sort keys
        due_at = None if number % 3 == 0 else clock() + timedelta(days=number % 4)
        made.add((await create(service, admin, due_at=due_at, priority=list(TaskPriority)[number % 4])).id)
        clock.advance(timedelta(milliseconds=number % 2))
    walked = [task.id for task in await walk(service, admin, order, backward=backward)]
    assert len(walked) == len(set(walked))
    assert made <= set(walked)


async def test_lists_are_sorted_by_rank_and_by_time_with_absent_times_first(
    service: TaskService, admin: Actor, clock: ManualClock
) -> None:
    days = {"URGENT": 3, "LOW": None, "HIGH": 1, "NORMAL": 2}
    for priority, day in days.items():
        due_at = None if day is None else clock() + timedelta(days=day)
        await create(service, admin, priority=priority, due_at=due_at)
    ends = {"first": None, "after": None, "last": None, "before": None}
    for order, wanted in (
        (Order("priority_rank"), ["LOW", "NORMAL", "HIGH", "URGENT"]),
        (Order("priority_rank", descending=True), ["URGENT", "HIGH", "NORMAL", "LOW"]),
        (Order("due_at"), ["LOW", "HIGH", "NORMAL", "URGENT"]),
        (Order("due_at", descending=True), ["URGENT", "NORMAL", "HIGH", "LOW"]),
    ):
        page = await service.page({}, page_request(**ends, order=(order,)), by=admin)
        assert [task.priority for task in page.items] == wanted


async def test_search_finds_plain_text_in_every_text(service: TaskService, admin: Actor) -> None:
    found = [
        await create(service, admin, title="报价 (A+)"),
        await create(service, admin, description="send 报价 (a+) today"),
    ]
    await create(service, admin, title="报价 A")
    condition = search_condition(" 报价 (A+) ")
    ends = {"first": None, "after": None, "last": None, "before": None}
    page = await service.page(condition, page_request(**ends, order=(Order("_id"),)), by=admin)
    assert [task.id for task in page.items] == [task.id for task in found]


async def test_migrate_creates_every_index(mongo: Mongo) -> None:
    information = await mongo.database["tasks"].index_information()
    assert {index.name for index in INDEXES} <= set(information)
