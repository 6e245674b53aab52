"""Profiles as clients meet them: what each part says, since when, to whom; and that the log makes them again."""

import json
import random
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from access_rows import role_row, user_row
from heard_events import hear
from subgraph_client import SubgraphClient
from suite_database import empty
from told_elsewhere import Told, ToldElsewhere

from rapport_customers.consumers import HANDLERS
from rapport_customers.evaluations.service import EvaluationService
from rapport_customers.projections.touches import INTERACTIONS, TASKS, TIMES
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.interactions import InteractionRecorded, InteractionState, InteractionUpdated
from rapport_shared.contracts.tasks import TaskCreated, TaskState, TaskUpdated
from rapport_shared.graphql.scalars import serialize_date_time
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

PROFILE = """profile {
  lifecycle { source asOf stage } tier { source asOf key }
  tags { source asOf links { tagId origin since tag { name } } }
  orders { source asOf count spend { amount currency } average { amount currency } firstAt lastAt daysBetween }
  communications { source asOf lastAt intent } tasks { source asOf open nextFollowUpAt }
  needs { source asOf openKinds } }"""
LONG_AGO = datetime.fromisoformat("2026-01-05T08:00:00+00:00")
TOLD_AT = "2026-01-05T08:00:00.000Z"
MADE_AT = "2026-03-01T09:00:00.000Z"
OWN = {"READ": "OWN"}
ALL = {"READ": "ALL"}


async def make(client: SubgraphClient, by: Actor, mutation: str, noun: str, **given: Any) -> str:
    answer = await client.mutate(mutation, f"{noun} {{ id }}", given, by=by)
    assert answer["userErrors"] == [], (mutation, answer)
    return str(answer[noun]["id"])


async def customer(client: SubgraphClient, by: Actor, **given: Any) -> str:
    return await make(client, by, "createCustomer", "customer", kind="PERSON", name="张三", **given)


async def order(client: SubgraphClient, by: Actor, about: str, number: str, amount: str = "10", **given: Any) -> str:
    total = {"amount": amount, "currency": given.pop("currency", "CNY")}
    return await make(client, by, "createOrder", "order", customerId=about, number=number, total=total, **given)


async def profile(client: SubgraphClient, by: Actor, about: str) -> Any:
    document = f"query($id: ID!) {{ customer(id: $id) {{ {PROFILE} }} }}"
    return (await client.query(document, {"id": about}, by=by)).data["customer"]["profile"]


async def handle(transactions: Transactions[CustomersWork], told: Iterable[Told]) -> None:
    for each in told:
        await hear(transactions, HANDLERS, each.event, version=each.version, at=each.at)


def spoken(about: str, **given: Any) -> InteractionState:
    state: dict[str, Any] = {"customer_owner_id": None, "author_id": "usr_a", "channel": "PHONE", "intent": "HIGH"}
    return InteractionState(customer_id=about, occurred_at=LONG_AGO - timedelta(days=1), **{**state, **given})


def todo(about: str, due_at: datetime | None) -> TaskState:
    return TaskState(
        status="OPEN",
        priority="NORMAL",
        created_by_id="usr_a",
        assignee_id=None,
        customer_id=about,
        customer_owner_id=None,
        due_at=due_at,
        origin="MANUAL",
    )


def said_of(about: str) -> list[Told]:
    """It was spoken with, and is to be called."""
    call = TaskCreated(task_id="tsk_1", after=todo(about, LONG_AGO + timedelta(days=3)))
    return [
        Told(InteractionRecorded(interaction_id="int_1", after=spoken(about)), 1, LONG_AGO),
        Told(call, 1, LONG_AGO),
        Told(TaskCreated(task_id="tsk_2", after=todo(about, None)), 1, LONG_AGO),
    ]


async def check_past(client: SubgraphClient, by: Actor, about: str, orders: Any) -> None:
    """On its first day: what is told of others' records is of now, and since when it had its tags is not known."""
    past = f'query($id: ID!) {{ customerAsOf(id: $id, at: "2026-03-01T12:00:00Z") {{ {PROFILE} }} }}'
    then = (await client.query(past, {"id": about}, by=by)).data["customerAsOf"]["profile"]
    assert (then["tier"]["key"], then["tags"]["asOf"], then["orders"]) == (None, None, orders)
    assert [(each["tag"]["name"], each["since"]) for each in then["tags"]["links"]] == [("VIP", None)]


async def test_each_part_says_what_is_known_whence_and_since_when(
    client: SubgraphClient,
    admin: Actor,
    clock: ManualClock,
    mongo: Mongo,
    transactions: Transactions[CustomersWork],
) -> None:
    nobody = await profile(client, admin, await customer(client, admin))
    assert {part: said["asOf"] for part, said in nobody.items() if said["asOf"] is not None} == {"lifecycle": MADE_AT}
    assert (nobody["orders"]["average"], nobody["tags"]["links"], nobody["needs"]["openKinds"]) == ([], [], [])
    gold = {"key": "GOLD", "name": "Gold", "rule": {"orderCount": {"gte": 2}}}
    assert (await client.mutate("setTiers", "userErrors { code }", {"tiers": [gold]}, by=admin))["userErrors"] == []
    about = await customer(client, admin, tags=["VIP"])
    clock.advance(timedelta(days=1))
    await make(client, admin, "updateCustomer", "customer", id=about, tags=["VIP", "新"])
    for number, amount in (("1", "10"), ("2", "5.01"), ("3", "5.01")):
        clock.advance(timedelta(days=1))
        await order(client, admin, about, number, amount)
    clock.advance(timedelta(days=1))
    await order(client, admin, about, "4", status="CANCELLED")
    pain, _ = [
        await make(client, admin, "createNeed", "need", customerId=about, kind=kind, text="太慢")
        for kind in ("PAIN", "REQUIREMENT")
    ]
    clock.advance(timedelta(hours=1))
    await make(client, admin, "updateNeed", "need", id=pain, status="ADDRESSED")
    clock.advance(timedelta(days=1))
    await EvaluationService(transactions, mongo.database, clock).step()
    await handle(transactions, said_of(about))
    found = await profile(client, admin, about)
    assert [(each["tag"]["name"], each["since"]) for each in found["tags"].pop("links")] == [
        ("VIP", MADE_AT),
        ("新", "2026-03-02T09:00:00.000Z"),
    ]
    assert found == {
        "lifecycle": {"source": "CUSTOMER", "asOf": "2026-03-04T09:00:00.000Z", "stage": "REPEAT"},
        "tier": {"source": "CUSTOMER", "asOf": "2026-03-07T10:00:00.000Z", "key": "GOLD"},
        "tags": {"source": "CUSTOMER", "asOf": "2026-03-02T09:00:00.000Z"},
        "orders": {
            "source": "ORDER",
            "asOf": "2026-03-06T09:00:00.000Z",
            "count": 3,
            "spend": [{"amount": "20.02", "currency": "CNY"}],
            "average": [{"amount": "6.67", "currency": "CNY"}],
            "firstAt": "2026-03-03T09:00:00.000Z",
            "lastAt": "2026-03-05T09:00:00.000Z",
            "daysBetween": 1,
        },
        "communications": {
            "source": "INTERACTION",
            "asOf": TOLD_AT,
            "lastAt": "2026-01-04T08:00:00.000Z",
            "intent": "HIGH",
        },
        "tasks": {"source": "TASK", "asOf": TOLD_AT, "open": 2, "nextFollowUpAt": "2026-01-08T08:00:00.000Z"},
        "needs": {"source": "NEED", "asOf": "2026-03-06T10:00:00.000Z", "openKinds": ["REQUIREMENT"]},
    }
    await check_past(client, admin, about, found["orders"])


async def spend(client: SubgraphClient, by: Actor, about: str) -> Any:
    document = "query($id: ID!) { customer(id: $id) { spend { amount } } }"
    return (await client.query(document, {"id": about}, by=by)).data["customer"]["spend"]


async def test_what_a_newer_release_has_stored_can_be_read(client: SubgraphClient, admin: Actor, mongo: Mongo) -> None:
    about = await customer(client, admin)
    newer = {"facts.mood": "GOOD", "moods": ["GOOD"]}
    await mongo.database["customers"].update_one({"_id": about}, {"$set": newer})
    assert await spend(client, admin, about) == []
    await make(client, admin, "updateCustomer", "customer", id=about, name="李四")
    stored = await mongo.database["customers"].find_one({"_id": about})
    assert stored is not None
    assert (stored["facts"]["mood"], stored["moods"]) == ("GOOD", ["GOOD"])


async def test_a_profile_tells_nothing_that_its_reader_may_not_read(
    client: SubgraphClient, admin: Actor, seller: Actor, mongo: Mongo, transactions: Transactions[CustomersWork]
) -> None:
    own = {"Customer": ALL, "Order": OWN, "Interaction": OWN, "Task": OWN, "Need": OWN}
    masks = {"Order": {"total": "MASK"}, "Interaction": {"intent": "MASK"}, "Task": {"dueAt": "MASK"}}
    everything = dict.fromkeys(own, ALL)
    rows = [
        role_row("CAREFUL", everything, masks),
        role_row("OWNER", own),
        *(user_row(f"usr_{role.lower()}", role) for role in ("CAREFUL", "OWNER", "MARKETING")),
        user_row(seller.id),
    ]
    await mongo.database["access"].insert_many(rows)
    careful, owner, marketing = (
        Actor(f"usr_{role.lower()}", role, f"ses_{role}") for role in ("CAREFUL", "OWNER", "MARKETING")
    )
    about = await customer(client, admin, ownerId=seller.id)
    await order(client, admin, about, "1")
    await make(client, admin, "createNeed", "need", customerId=about, kind="PAIN", text="太慢")
    await handle(transactions, said_of(about))
    whole = await profile(client, admin, about)
    assert all(whole.values())
    assert await profile(client, seller, about) == whole
    assert [await spend(client, by, about) for by in (careful, owner, marketing)] == [None, None, None]
    assert await spend(client, seller, about) == await spend(client, admin, about) == [{"amount": "10.00"}]
    hidden = dict.fromkeys(("orders", "communications", "tasks"))
    assert await profile(client, marketing, about) == {**whole, **hidden}
    assert await profile(client, owner, about) == {**whole, **hidden, "needs": None}
    assert await profile(client, careful, about) == {
        **whole,
        "orders": {**whole["orders"], "spend": None, "average": None},
        "communications": {**whole["communications"], "intent": None},
        "tasks": {**whole["tasks"], "nextFollowUpAt": None},
    }
    await make(client, admin, "updateCustomer", "customer", id=about, ownerId=owner.id)
    assert await profile(client, owner, about) == whole


async def test_what_an_earlier_release_kept_is_of_no_known_time_until_the_next_event(
    client: SubgraphClient, admin: Actor, mongo: Mongo, transactions: Transactions[CustomersWork]
) -> None:
    about = await customer(client, admin, tags=["VIP"])
    await order(client, admin, about, "1")
    await handle(transactions, said_of(about))
    new = ("last_intent", "next_due_at", "orders_as_of", "interactions_as_of", "tasks_as_of", "needs_as_of")
    gone = {f"facts.{name}": "" for name in new}
    await mongo.database["customers"].update_one({"_id": about}, {"$unset": {"since": "", **gone}})
    for rows in (INTERACTIONS, TASKS):
        await mongo.database[rows].update_many({}, {"$unset": {"intent": "", "due_at": ""}})
    await mongo.database[TIMES].delete_many({})
    old = await profile(client, admin, about)
    assert [part for part, said in old.items() if said["asOf"] is not None] == ["lifecycle"]
    assert (old["tags"]["links"][0]["since"], old["tasks"]["open"]) == (None, 2)
    later = LONG_AGO + timedelta(days=2)
    before, after = todo(about, None), todo(about, later)
    await handle(
        transactions,
        [Told(TaskUpdated(task_id="tsk_1", changed=("due_at",), before=before, after=after), 2, later)],
    )
    half = (await profile(client, admin, about))["tasks"]
    assert (half["asOf"], half["nextFollowUpAt"]) == ("2026-01-07T08:00:00.000Z", None), "of one it is not known"
    await handle(
        transactions,
        [Told(TaskUpdated(task_id="tsk_2", changed=("due_at",), before=before, after=before), 2, later)],
    )
    assert (await profile(client, admin, about))["tasks"]["nextFollowUpAt"] == "2026-01-07T08:00:00.000Z"
    changed = InteractionUpdated(interaction_id="int_1", changed=(), before=spoken(about), after=spoken(about))
    told = Told(changed, 2, later)
    await handle(transactions, [told])
    spoke = (await profile(client, admin, about))["communications"]
    assert (spoke["asOf"], spoke["intent"]) == ("2026-01-07T08:00:00.000Z", "HIGH")
    snapshot = Told(InteractionRecorded(interaction_id="int_1", after=spoken(about)), 2, later + timedelta(days=9))
    await handle(transactions, [snapshot])
    assert (await profile(client, admin, about))["communications"] == spoke, "a record sent again has not changed"


async def do_something(client: SubgraphClient, by: Actor, chance: random.Random, about: str, number: int) -> None:
    """A change of this service's own records."""
    step = number % 3
    if step == 0:
        currency, amount = chance.choice((("CNY", "10.01"), ("JPY", "7"), ("CNY", "3.33")))
        status = chance.choice(("PLACED", "CANCELLED"))
        made = await order(client, by, about, f"{about}-{number}", amount, currency=currency, status=status)
        if status == "PLACED" and chance.random() < 0.5:
            await make(client, by, "updateOrder", "order", id=made, status=chance.choice(("PAID", "REFUNDED")))
    elif step == 1:
        kind = chance.choice(("PAIN", "PREFERENCE", "REQUIREMENT"))
        need = await make(client, by, "createNeed", "need", customerId=about, kind=kind, text="太慢")
        if chance.random() < 0.5:
            await make(client, by, "deleteNeed", "need", id=need)
    else:
        tags = chance.sample(["VIP", "新", "老"], chance.randint(0, 3))
        await make(client, by, "updateCustomer", "customer", id=about, tags=tags)


async def rebuild(mongo: Mongo, transactions: Transactions[CustomersWork], events: Iterable[Told]) -> None:
    """A database with this service's own records only, in which nothing was counted and of others nothing heard."""
    own = set(await mongo.database.list_collection_names()) - {INTERACTIONS, TASKS, TIMES}
    kept = {name: await mongo.database[name].find({}).to_list(None) for name in own}
    await empty(mongo)
    for record in kept["customers"]:
        record.pop("facts", None)
    for name, records in kept.items():
        if records:
            await mongo.database[name].insert_many(records)
    await handle(transactions, events)
    for record in kept["customers"]:

        async def count(work: CustomersWork, identifier: str = record["_id"]) -> None:
            await work.learn_orders(identifier)
            await work.learn_needs(identifier)

        await transactions.run(count)


@pytest.mark.parametrize("seed", [1, 3, 8])
async def test_the_log_makes_the_same_profiles_again(
    client: SubgraphClient,
    admin: Actor,
    clock: ManualClock,
    mongo: Mongo,
    transactions: Transactions[CustomersWork],
    seed: int,
) -> None:
    chance = random.Random(seed)
    ids = [await customer(client, admin) for _ in range(5)]
    elsewhere = ToldElsewhere(chance, ids, LONG_AGO)
    elsewhere.happen(24)
    arriving = elsewhere.late_arrivals()
    first = list(dict.fromkeys((told.event.subject, told.version) for told in arriving))
    assert len(arriving) > len(first), "some come twice"
    assert any(first.index((of, version)) < first.index((of, version - 1)) for of, version in first if version > 1)
    for number, told in enumerate(arriving):
        clock.advance(timedelta(minutes=chance.randint(1, 3000)))
        await handle(transactions, [told])
        if number % 3 == 0:
            await do_something(client, admin, chance, chance.choice(ids), number // 3)
        if number == len(arriving) // 2:
            await make(client, admin, "mergeCustomers", "merge", survivorId=ids[0], otherIds=[ids[-1]])
            ids.pop()
    before = json.dumps([await profile(client, admin, each) for each in ids], ensure_ascii=False)
    clock.advance(timedelta(days=30))
    await rebuild(mongo, transactions, elsewhere.arrivals())
    again = json.dumps([await profile(client, admin, each) for each in ids], ensure_ascii=False)
    assert again.encode() == before.encode()
    told_of = [part["asOf"] for each in json.loads(before) for part in (each["communications"], each["tasks"])]
    assert len(set(told_of)) > 1
    assert set(told_of) - {None} <= {serialize_date_time(told.at) for told in elsewhere.told}
