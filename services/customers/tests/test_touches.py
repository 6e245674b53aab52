"""What others' events say of a customer: counted once, whatever comes twice, late or in another order."""

import random
from datetime import datetime, timedelta
from typing import Any

from subgraph_client import SubgraphClient

from rapport_customers.consumers import HANDLERS
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.contracts.interactions import (
    InteractionDeleted,
    InteractionRecorded,
    InteractionState,
    InteractionUpdated,
)
from rapport_shared.contracts.tasks import TaskCompleted, TaskCreated, TaskReopened, TaskState, TaskUpdated
from rapport_shared.events import Envelope, Event
from rapport_shared.persistence import Transactions

FACTS = "query($id: ID!) { customer(id: $id) { lastInteractionAt openTasks version } }"
FIRST = datetime.fromisoformat("2026-02-01T09:00:00+00:00")


async def customer(client: SubgraphClient, by: Actor) -> str:
    made = await client.mutate("createCustomer", "customer { id }", {"kind": "PERSON", "name": "李四"}, by=by)
    return str(made["customer"]["id"])


async def facts(client: SubgraphClient, about: str, by: Actor) -> Any:
    return (await client.query(FACTS, {"id": about}, by=by)).data["customer"]


def spoken(about: str, day: int, **given: Any) -> InteractionState:
    state = {"customer_owner_id": None, "author_id": "usr_a", "channel": "PHONE", **given}
    return InteractionState(customer_id=about, occurred_at=FIRST + timedelta(days=day), **state)


def todo(about: str | None, status: str = "OPEN") -> TaskState:
    return TaskState(
        status=status,
        priority="NORMAL",
        created_by_id="usr_a",
        assignee_id=None,
        customer_id=about,
        customer_owner_id=None,
        due_at=None,
        origin="MANUAL",
    )


async def handle(transactions: Transactions[CustomersWork], event: Event, version: int) -> None:
    """As the consumer does, which keeps events of one subject in order unless they are delivered again."""
    envelope = Envelope(
        id=f"{event.subject}-{version}",
        routing_key=event.routing_key,
        source="/rapport/test",
        subject=event.subject,
        time=FIRST,
        version=version,
        actor="usr_a",
        correlation_id="c",
    )
    await transactions.run(lambda work: HANDLERS[type(event)](event, envelope, work))


async def test_the_last_interaction_is_the_latest_that_still_counts(
    client: SubgraphClient, admin: Actor, transactions: Transactions[CustomersWork]
) -> None:
    one, other = await customer(client, admin), await customer(client, admin)
    gone = spoken(one, 5, deleted=True)
    told: list[tuple[Event, int]] = [
        (InteractionRecorded(interaction_id="int_1", after=spoken(one, 1)), 1),
        (InteractionRecorded(interaction_id="int_2", after=spoken(one, 5)), 1),
        (InteractionDeleted(interaction_id="int_2", before=spoken(one, 5), after=gone), 2),
        (InteractionRecorded(interaction_id="int_3", after=spoken(one, 9)), 1),
        (InteractionUpdated(interaction_id="int_3", changed=(), before=spoken(one, 9), after=spoken(one, 3)), 2),
    ]
    for event, version in told[:2]:
        await handle(transactions, event, version)
    assert (await facts(client, one, admin))["lastInteractionAt"] == "2026-02-06T09:00:00.000Z"
    again = [*told, *told]
    random.Random(7).shuffle(again)
    for event, version in again:
        await handle(transactions, event, version)
    assert await facts(client, one, admin) == {
        "lastInteractionAt": "2026-02-04T09:00:00.000Z",
        "openTasks": 0,
        "version": 1,
    }
    assert (await facts(client, other, admin))["lastInteractionAt"] is None


async def test_open_tasks_follow_their_state_and_their_customer(
    client: SubgraphClient, admin: Actor, transactions: Transactions[CustomersWork]
) -> None:
    one, other = await customer(client, admin), await customer(client, admin)
    done = todo(one, "DONE")
    await handle(transactions, TaskCreated(task_id="tsk_1", after=todo(one)), 1)
    await handle(transactions, TaskCreated(task_id="tsk_2", after=todo(one)), 1)
    await handle(transactions, TaskCreated(task_id="tsk_3", after=todo(None)), 1)
    assert (await facts(client, one, admin))["openTasks"] == 2
    await handle(transactions, TaskCompleted(task_id="tsk_1", before=todo(one), after=done), 2)
    moved = TaskUpdated(task_id="tsk_2", changed=("customer_id",), before=todo(one), after=todo(other))
    await handle(transactions, moved, 2)
    await handle(transactions, TaskCreated(task_id="tsk_2", after=todo(one)), 1)
    assert [(await facts(client, each, admin))["openTasks"] for each in (one, other)] == [0, 1]
    await handle(transactions, TaskReopened(task_id="tsk_1", before=done, after=todo(one)), 3)
    assert (await facts(client, one, admin))["openTasks"] == 1
    document = "{ customers(filter: {openTasks: {gte: 1}}, orderBy: []) { totalCount } }"
    assert (await client.query(document, by=admin)).data["customers"]["totalCount"] == 2


async def test_a_merge_counts_what_was_told_of_both(
    client: SubgraphClient, admin: Actor, transactions: Transactions[CustomersWork]
) -> None:
    one, other = await customer(client, admin), await customer(client, admin)
    await handle(transactions, TaskCreated(task_id="tsk_1", after=todo(one)), 1)
    await handle(transactions, TaskCreated(task_id="tsk_2", after=todo(other)), 1)
    merged = await client.mutate(
        "mergeCustomers", "userErrors { code } merge { id }", {"survivorId": one, "otherIds": [other]}, by=admin
    )
    assert merged["userErrors"] == []
    assert (await facts(client, one, admin))["openTasks"] == 2
    await handle(transactions, TaskCreated(task_id="tsk_3", after=todo(other)), 1)
    assert (await facts(client, one, admin))["openTasks"] == 3
    await client.mutate("unmergeCustomers", "userErrors { code }", {"mergeId": merged["merge"]["id"]}, by=admin)
    assert [(await facts(client, each, admin))["openTasks"] for each in (one, other)] == [1, 2]
