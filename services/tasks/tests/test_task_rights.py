"""Who reaches which tasks, by every use case, and what a task may refer to; on the real database wire."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from access_rows import user_row

from rapport_shared.actor import Actor
from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.events import Envelope
from rapport_shared.mongo import Mongo, Order, PageRequest
from rapport_shared.persistence import Transactions
from rapport_tasks.consumers import on_customer
from rapport_tasks.tasks.errors import AssigneeNotFound, CustomerNotFound
from rapport_tasks.tasks.model import Task
from rapport_tasks.tasks.service import TaskService
from rapport_tasks.work import TasksWork

ALL = PageRequest(50, (Order("_id"),))
pytestmark = pytest.mark.usefixtures("company")


async def create(service: TaskService, by: Actor, **details: Any) -> Task:
    return await service.create({"title": "Call back", **details}, by=by)


def owner_changed(customer_id: str, owner_id: str | None, version: int) -> tuple[CustomerUpdated, Envelope]:
    state = CustomerState(kind="PERSON", stage="LEAD", owner_id=owner_id)
    event = CustomerUpdated(customer_id=customer_id, changed=("owner_id",), before=state, after=state)
    envelope = Envelope(
        id=f"{customer_id}-{version}",
        routing_key=event.routing_key,
        source="/rapport/customers",
        subject=customer_id,
        time=datetime(2026, 3, 1, tzinfo=UTC),
        version=version,
        actor="usr_admin",
        correlation_id="c",
    )
    return event, envelope


async def change_owner(
    transactions: Transactions[TasksWork], customer_id: str, owner_id: str | None, version: int
) -> None:
    event, envelope = owner_changed(customer_id, owner_id, version)

    async def change(work: TasksWork) -> None:
        await on_customer(event, envelope, work)

    await transactions.run(change)


async def seen(service: TaskService, by: Actor, candidates: list[Task]) -> set[str]:
    """The titles that ``by`` reaches; every door must agree."""
    listed = [task.id for task in (await service.page({}, ALL, by=by)).items]
    assert await service.count({}, by=by) == len(listed)
    assert set(await service.find_many([task.id for task in candidates], by=by)) == set(listed)
    for task in candidates:
        assert (await service.find(task.id, by=by) is not None) == (task.id in listed)
    parents = ["cus_seller", "cus_rival"]
    pages, counts = (
        await service.customer_pages(parents, {}, ALL, by=by),
        await service.customer_counts(parents, {}, by=by),
    )
    below = [task for page in pages.values() for task in page.items]
    assert {task.id for task in below} == {task.id for task in candidates if task.customer_id and task.id in listed}
    assert sum(counts.values()) == len(below)
    people = ["usr_admin", "usr_seller", "usr_rival", "usr_support"]
    pages, counts = (
        await service.assigned_pages(people, {}, ALL, by=by),
        await service.assigned_counts(people, {}, by=by),
    )
    below = [task for page in pages.values() for task in page.items]
    assert {task.id for task in below} == {task.id for task in candidates if task.assignee_id and task.id in listed}
    assert sum(counts.values()) == len(below)
    return {task.title for task in candidates if task.id in listed}


async def test_sellers_see_what_they_are_to_do_asked_for_or_has_to_do_with_their_customers(
    service: TaskService, admin: Actor, seller: Actor, rival: Actor, support: Actor
) -> None:
    tasks = [
        await create(service, admin, title="assigned", assignee_id=seller.id),
        await create(service, seller, title="asked for", assignee_id=support.id),
        await create(service, admin, title="about their customer", customer_id="cus_seller"),
        await create(service, admin, title="about nobody's", assignee_id=None),
        await create(service, rival, title="the rival's", customer_id="cus_rival"),
    ]
    assert await seen(service, seller, tasks) == {"assigned", "asked for", "about their customer"}
    assert await seen(service, rival, tasks) == {"the rival's"}
    everything = {task.title for task in tasks}
    assert await seen(service, admin, tasks) == everything
    assert await seen(service, support, tasks) == everything
    assert await seen(service, Actor("usr_x", "MARKETING"), tasks) == set()


Change = Callable[[TaskService, str, Actor], Awaitable[Task]]
CHANGES: dict[str, Change] = {
    "update": lambda service, task, by: service.update(task, {"title": "Mine"}, expected_version=None, by=by),
    "assign": lambda service, task, by: service.update(task, {"assignee_id": by.id}, expected_version=None, by=by),
    "complete": lambda service, task, by: service.complete(task, result="x", expected_version=None, by=by),
    "cancel": lambda service, task, by: service.cancel(task, expected_version=None, by=by),
    "reopen": lambda service, task, by: service.reopen(task, expected_version=None, by=by),
}


@pytest.mark.parametrize("change", CHANGES)
async def test_nobody_changes_what_is_not_theirs(
    service: TaskService, rival: Actor, support: Actor, admin: Actor, mongo: Mongo, change: str
) -> None:
    made = await create(service, admin, customer_id="cus_seller")
    before = await mongo.database["tasks"].find_one({"_id": made.id})
    with pytest.raises(NotFound):
        await CHANGES[change](service, made.id, rival)
    with pytest.raises(NotAllowed):
        await CHANGES[change](service, made.id, support)
    assert await mongo.database["tasks"].find_one({"_id": made.id}) == before
    assert await mongo.database["outbox"].count_documents({}) == 1


async def test_a_seller_cannot_hand_on_what_they_would_lose(service: TaskService, admin: Actor, seller: Actor) -> None:
    made = await create(service, admin, assignee_id=seller.id)
    with pytest.raises(NotAllowed):
        await service.update(made.id, {"assignee_id": "usr_rival"}, expected_version=None, by=seller)
    own = await create(service, seller)
    assert (await service.update(own.id, {"assignee_id": "usr_rival"}, expected_version=None, by=seller)).version == 2


@pytest.mark.parametrize("customer_id", ["cus_nobody", "cus_gone", "cus_rival"])
async def test_a_customer_that_is_unknown_deleted_or_out_of_reach_is_not_found(
    service: TaskService, seller: Actor, mongo: Mongo, customer_id: str
) -> None:
    with pytest.raises(CustomerNotFound):
        await create(service, seller, customer_id=customer_id)
    own = await create(service, seller, customer_id="cus_seller")
    with pytest.raises(CustomerNotFound):
        await service.update(own.id, {"customer_id": customer_id}, expected_version=None, by=seller)
    assert await mongo.database["tasks"].count_documents({}) == 1
    assert await mongo.database["customers"].count_documents({}) == 3


@pytest.mark.parametrize("user_id", ["usr_nobody", "usr_former"])
async def test_only_active_users_are_given_tasks(service: TaskService, seller: Actor, user_id: str) -> None:
    with pytest.raises(AssigneeNotFound):
        await create(service, seller, assignee_id=user_id)


async def test_a_command_waits_for_what_the_bus_is_about_to_tell(
    service: TaskService, admin: Actor, mongo: Mongo, transactions: Transactions[TasksWork]
) -> None:
    creating = asyncio.create_task(create(service, admin, customer_id="cus_new", assignee_id="usr_new"))
    await mongo.database["access"].insert_one(user_row("usr_new"))
    await change_owner(transactions, "cus_new", "usr_seller", 1)
    assert (await creating).customer_owner_id == "usr_seller"


async def test_a_customers_new_owner_reaches_its_tasks_and_the_old_one_does_not(
    service: TaskService, admin: Actor, seller: Actor, rival: Actor, transactions: Transactions[TasksWork]
) -> None:
    tasks = [await create(service, admin, customer_id="cus_seller") for _ in range(2)]
    other = await create(service, admin, customer_id="cus_rival", title="the rival's")
    await change_owner(transactions, "cus_seller", rival.id, 3)
    await change_owner(transactions, "cus_seller", seller.id, 2)  # late
    assert await seen(service, seller, [*tasks, other]) == set()
    assert await seen(service, rival, [*tasks, other]) == {"Call back", "the rival's"}
    # An update of the copy must not make the record look changed to whoever has seen it.
    assert (await service.update(tasks[0].id, {"title": "Visit"}, expected_version=1, by=rival)).version == 2


async def test_tasks_made_while_the_owner_changes_end_with_the_new_owner(
    service: TaskService, admin: Actor, mongo: Mongo, transactions: Transactions[TasksWork]
) -> None:
    for version in range(2, 6):
        owner = f"usr_{version}"
        await asyncio.gather(
            *(create(service, admin, customer_id="cus_seller") for _ in range(3)),
            change_owner(transactions, "cus_seller", owner, version),
        )
        assert await mongo.database["tasks"].distinct("customer_owner_id") == [owner]
    assert await mongo.database["tasks"].count_documents({}) == 12
