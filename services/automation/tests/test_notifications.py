"""What people are told, once, and have read or not."""

from functools import partial
from typing import Any

import pytest
from access_rows import user_row
from database_calls import commands
from heard_events import hear
from subgraph_client import SubgraphClient

from rapport_automation.consumers import HANDLERS
from rapport_automation.work import AutomationWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerCreated, CustomerState, CustomerUpdated
from rapport_shared.events import Envelope
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

INBOX = """query($unread: Boolean) { unreadNotifications notifications(filter: {unread: $unread}) {
  totalCount nodes { id kind customerId byId readAt customer { id } } } }"""
OWNER, MATE = Actor("usr_owner", "SALES", "ses_3"), Actor("usr_mate", "SALES", "ses_4")


@pytest.fixture
async def transactions(mongo: Mongo, clock: ManualClock) -> Transactions[AutomationWork]:
    team = [user_row(user, team_id="tem_1") for user in (OWNER.id, MATE.id)]
    others = [user_row("usr_gone", team_id="tem_1", active=False), user_row("usr_far", team_id="tem_2")]
    await mongo.database["access"].insert_many([*team, *others])
    return Transactions(mongo, partial(AutomationWork, clock=clock))


def state(priority: str, **given: Any) -> CustomerState:
    return CustomerState(**{"kind": "PERSON", "stage": "LEAD", "owner_id": OWNER.id, "priority": priority, **given})


def raised(before: str = "NORMAL", after: str = "HIGH", **given: Any) -> CustomerUpdated:
    return CustomerUpdated(
        customer_id="cus_1", changed=("priority",), before=state(before), after=state(after, **given)
    )


async def inbox(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    return (await client.query(INBOX, given, by=by)).data


async def test_the_owners_team_is_told_once_and_reads_it(
    client: SubgraphClient, transactions: Transactions[AutomationWork], clock: ManualClock, mongo: Mongo, admin: Actor
) -> None:
    envelope = Envelope(
        id="019ca8bb-b5c0-773a-9a65-79d465523d7d",
        routing_key=CustomerUpdated.routing_key,
        source="/rapport/customers",
        subject="cus_1",
        time=clock(),
        version=2,
        actor=admin.id,
        correlation_id="c",
    )

    async def handle(work: AutomationWork) -> None:
        if not await work.inbox.noted(envelope.id):
            await work.inbox.note(envelope.id)
            await HANDLERS[CustomerUpdated](raised(), envelope, work)

    for _ in range(2):
        await transactions.run(handle)
    assert await mongo.database["notifications"].distinct("user_id") == [MATE.id, OWNER.id]
    told = await inbox(client, OWNER)
    [note] = told["notifications"]["nodes"]
    assert told["unreadNotifications"] == told["notifications"]["totalCount"] == 1
    assert (note["kind"], note["customerId"], note["byId"]) == ("CUSTOMER_PRIORITISED", "cus_1", admin.id)
    assert (note["readAt"], note["customer"]) == (None, {"id": "cus_1"})
    for marked in (1, 0):
        read = await client.mutate("markNotificationsRead", "marked unread", {"ids": [note["id"]]}, by=OWNER)
        assert (read["marked"], read["unread"]) == (marked, 0)
    assert (await inbox(client, OWNER, unread=True))["notifications"]["totalCount"] == 0
    assert (await inbox(client, OWNER, unread=False))["notifications"]["totalCount"] == 1


async def test_nobody_marks_what_another_was_told(
    client: SubgraphClient, transactions: Transactions[AutomationWork], clock: ManualClock
) -> None:
    await hear(transactions, HANDLERS, raised(), version=2, at=clock())
    [note] = (await inbox(client, MATE))["notifications"]["nodes"]
    refused = await client.mutate("markNotificationsRead", "marked", {"ids": [note["id"]]}, by=OWNER)
    assert refused["marked"] == 0
    everything = await client.mutate("markNotificationsRead", "marked unread", {}, by=MATE)
    assert (everything["marked"], everything["unread"]) == (1, 0)
    assert (await inbox(client, OWNER))["unreadNotifications"] == 1


@pytest.mark.parametrize(
    "event",
    [
        raised("HIGH", "HIGH"),
        raised("HIGH", "LOW"),
        raised(owner_id=None),
        raised(deleted=True),
        raised(owner_id="usr_gone_alone"),
        CustomerCreated(customer_id="cus_1", after=state("NORMAL")),
    ],
)
async def test_what_is_no_news_tells_nobody(
    transactions: Transactions[AutomationWork], mongo: Mongo, clock: ManualClock, event: Any
) -> None:
    await hear(transactions, HANDLERS, event, version=2, at=clock())
    assert await mongo.database["notifications"].count_documents({}) == 0


async def test_an_inbox_costs_the_same_whatever_its_size(
    client: SubgraphClient, transactions: Transactions[AutomationWork], clock: ManualClock
) -> None:
    await inbox(client, OWNER)  # knows who acts from now on
    counts = []
    for times in (1, 4):
        for version in range(times):
            await hear(transactions, HANDLERS, raised(), version=version, at=clock())
        before = commands()
        await inbox(client, OWNER)
        counts.append(commands() - before)
    assert counts[0] == counts[1]
