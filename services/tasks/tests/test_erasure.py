"""A customer is erased: no text of a task about it stays, and none comes back."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import heard_events
import pytest

from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerErased, CustomerPurged, CustomerState, CustomerUpdated
from rapport_shared.contracts.subjects import SubjectExportRequested, TasksSubjectErased, TasksSubjectExported
from rapport_shared.errors import RecordErased
from rapport_shared.events import Event, decode
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_tasks.consumers import HANDLERS
from rapport_tasks.tasks.errors import CustomerIsErased, CustomerNotFound
from rapport_tasks.tasks.model import Task, TaskStatus
from rapport_tasks.tasks.service import TaskService
from rapport_tasks.work import TasksWork

SECRET = "secret-4711"
ALIVE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_seller")
ERASED = CustomerErased(customer_id="cus_seller", request_id="sbr_1", before=ALIVE, after=replace(ALIVE, erased=True))
Hear = Callable[[Event, int], Awaitable[None]]
pytestmark = pytest.mark.usefixtures("company")


@pytest.fixture
def hear(transactions: Transactions[TasksWork], clock: ManualClock) -> Hear:
    """Handle an event of that version."""

    async def handle(event: Event, version: int) -> None:
        await heard_events.hear(transactions, HANDLERS, event, version=version, at=clock())

    return handle


async def _make(service: TaskService, by: Actor, customer: str | None = "cus_seller", key: str | None = None) -> Task:
    details = {"title": SECRET, "description": SECRET, "customer_id": customer}
    return await service.create(details, idempotency_key=key, by=by)


async def _answers(mongo: Mongo) -> list[Any]:
    rows = await mongo.database["outbox"].find({"subject": "sbr_1"}).to_list(None)
    return [decode(bytes(row["body"]))[1] for row in rows]


async def test_texts_go_and_the_tasks_stay(
    service: TaskService, mongo: Mongo, admin: Actor, hear: Hear, clock: ManualClock
) -> None:
    task = await _make(service, admin)
    await service.complete(task.id, result=SECRET, expected_version=None, by=admin)
    others = [await _make(service, admin, customer) for customer in ("cus_rival", None)]
    await hear(ERASED, 2)
    shell = await service.find(task.id, by=admin)
    assert shell is not None
    assert (shell.title, shell.description, shell.result) == ("[erased]", None, None)
    assert (shell.status, shell.customer_id, shell.version) == (TaskStatus.DONE, "cus_seller", 2)
    for other in others:
        kept = await service.find(other.id, by=admin)
        assert kept is not None
        assert kept.title == SECRET
    done = TasksSubjectErased(request_id="sbr_1", customer_id="cus_seller", records=1, at=clock())
    assert await _answers(mongo) == [done]
    rows = await mongo.database["audit"].find({"record": task.id}).to_list(None)
    assert [row["action"] for row in rows if "erasable" in row] == ["tasks.task.erased"]


async def test_a_purge_takes_the_same_away(service: TaskService, mongo: Mongo, admin: Actor, hear: Hear) -> None:
    task = await _make(service, admin)
    gone = replace(ALIVE, deleted=True, erased=True)
    await hear(CustomerPurged(customer_id="cus_seller", before=replace(ALIVE, deleted=True), after=gone), 2)
    shell = await service.find(task.id, by=admin)
    assert shell is not None
    assert shell.title == "[erased]"
    assert await _answers(mongo) == []
    with pytest.raises(CustomerNotFound):
        await _make(service, admin)


async def test_no_text_comes_back(service: TaskService, mongo: Mongo, admin: Actor, hear: Hear) -> None:
    task, free = await _make(service, admin, key="k"), await _make(service, admin, None)
    await hear(ERASED, 3)
    await hear(CustomerUpdated(customer_id="cus_seller", changed=("name",), before=ALIVE, after=ALIVE), 2)
    with pytest.raises(CustomerIsErased):
        await _make(service, admin)
    with pytest.raises(CustomerIsErased):
        await service.update(free.id, {"customer_id": "cus_seller"}, expected_version=None, by=admin)
    for change in ({"title": SECRET}, {"description": SECRET}):
        with pytest.raises(RecordErased):
            await service.update(task.id, change, expected_version=None, by=admin)
    with pytest.raises(RecordErased):
        await service.complete(task.id, result=SECRET, expected_version=None, by=admin)
    with pytest.raises(CustomerIsErased):
        await _make(service, admin, key="k")
    done = await service.complete(task.id, result=None, expected_version=None, by=admin)
    assert (done.status, done.title) == (TaskStatus.DONE, "[erased]")
    await mongo.database["tasks"].delete_one({"_id": free.id})
    assert SECRET not in str(await mongo.database["tasks"].find().to_list(None))


async def test_a_copy_counts_what_there_is(
    service: TaskService, mongo: Mongo, admin: Actor, hear: Hear, clock: ManualClock
) -> None:
    for _ in range(3):
        await _make(service, admin)
    await _make(service, admin, "cus_rival")
    await hear(SubjectExportRequested(request_id="sbr_1", customer_id="cus_seller"), 1)
    done = TasksSubjectExported(request_id="sbr_1", customer_id="cus_seller", records=3, at=clock())
    assert await _answers(mongo) == [done]
