"""Transfers as clients meet them: one operation, counted before, carried out in steps, seen at the customers."""

from typing import Any

import pytest
from access_rows import user_row
from heard_events import hear
from subgraph_client import SubgraphClient

from rapport_customers.app import transfer_service
from rapport_customers.consumers import HANDLERS
from rapport_customers.transfers import service as steps
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.identity import UserState, UserUpdated
from rapport_shared.contracts.transfers import TasksTransferred
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

BEGUN = "transfer { id customersMoved endedAt } customers from { id }"
SEEN = """query($id: ID!) { customer(id: $id) { ownerId lastOwnerId pooledAt handover { id note fromId by { id } }
  contacts { nodes { name } } history(first: 1) { nodes { reason via byId } } } }"""
HEIR = Actor("usr_heir", "SALES", "ses_7")


@pytest.fixture(autouse=True)
async def staff(mongo: Mongo, seller: Actor) -> None:
    known = [user_row(seller.id), user_row(HEIR.id), user_row("usr_gone", active=False)]
    await mongo.database["access"].insert_many(known)


@pytest.fixture
async def theirs(client: SubgraphClient, seller: Actor) -> list[str]:
    """Five customers of the seller, each with a contact."""
    found = []
    for number in range(5):
        given = {"kind": "PERSON", "name": f"n{number}"}
        made = await client.mutate("createCustomer", "customer { id }", given, by=seller)
        found.append(made["customer"]["id"])
        contact = {"customerId": found[-1], "name": "李四"}
        await client.mutate("createContact", "contact { id }", contact, by=seller)
    return found


async def begin(client: SubgraphClient, by: Actor, **given: Any) -> Any:
    asked = {"fromId": "usr_seller", "toId": HEIR.id, "note": "请先打电话", **given}
    return await client.mutate("transferOwnership", BEGUN, asked, by=by)


async def seen(client: SubgraphClient, by: Actor, identifier: str) -> Any:
    return (await client.query(SEEN, {"id": identifier}, by=by)).data["customer"]


async def test_a_dry_run_counts_and_moves_nothing(
    client: SubgraphClient, mongo: Mongo, admin: Actor, theirs: list[str]
) -> None:
    counted = await begin(client, admin, dryRun=True)
    assert (counted["transfer"], counted["customers"], counted["from"]) == (None, 5, {"id": "usr_seller"})
    assert (await begin(client, admin, dryRun=True, customerIds=theirs[:2]))["customers"] == 2
    assert await mongo.database["transfers"].count_documents({}) == 0


async def test_customers_move_step_by_step_whoever_goes_on(
    client: SubgraphClient,
    mongo: Mongo,
    clock: ManualClock,
    admin: Actor,
    theirs: list[str],
    transactions: Transactions[CustomersWork],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(steps, "CHUNK", 2)
    begun = await begin(client, admin, idempotencyKey="k")
    identifier = begun["transfer"]["id"]
    assert (await begin(client, admin, idempotencyKey="k"))["transfer"]["id"] == identifier
    assert await transfer_service(mongo, clock).step()
    owned = {"owner_id": HEIR.id}
    assert await mongo.database["customers"].count_documents(owned) == 2
    while await transfer_service(mongo, clock).step():  # another worker goes on where one was killed
        pass
    assert await mongo.database["customers"].count_documents(owned) == 5
    asked = "query($id: ID!) { ownershipTransfer(id: $id) { customersMoved tasksMoved endedAt } }"
    found = (await client.query(asked, {"id": identifier}, by=admin)).data["ownershipTransfer"]
    assert found == {"customersMoved": 5, "tasksMoved": 0, "endedAt": None}
    for version in (1, 2):
        await hear(
            transactions, HANDLERS, TasksTransferred(transfer_id=identifier, records=3), version=version, at=clock()
        )
    found = (await client.query(asked, {"id": identifier}, by=admin)).data["ownershipTransfer"]
    assert found == {"customersMoved": 5, "tasksMoved": 3, "endedAt": "2026-03-01T09:00:00.000Z"}
    completed = {"routing_key": "customers.transfer.completed.v1"}
    assert await mongo.database["outbox"].count_documents(completed) == 1
    customer = await seen(client, HEIR, theirs[0])
    assert (customer["ownerId"], customer["lastOwnerId"], len(customer["contacts"]["nodes"])) == (
        HEIR.id,
        "usr_seller",
        1,
    )
    handover = {"id": identifier, "note": "请先打电话", "fromId": "usr_seller", "by": {"id": admin.id}}
    assert customer["handover"] == handover
    assert customer["history"]["nodes"] == [{"reason": "请先打电话", "via": "USER", "byId": admin.id}]
    updates = {"routing_key": "customers.customer.updated.v1"}
    assert await mongo.database["outbox"].count_documents(updates) == 5


async def test_who_is_deactivated_looks_after_nobody(
    client: SubgraphClient,
    mongo: Mongo,
    clock: ManualClock,
    admin: Actor,
    theirs: list[str],
    transactions: Transactions[CustomersWork],
) -> None:
    active, gone = UserState(role="SALES", active=True), UserState(role="SALES", active=False)
    left = UserUpdated(user_id="usr_seller", changed=("active",), before=active, after=gone)
    await hear(transactions, HANDLERS, left, version=2, at=clock())
    while await transfer_service(mongo, clock).step():
        pass
    assert await mongo.database["customers"].count_documents({"owner_id": None}) == 5
    customer = await seen(client, admin, theirs[0])
    assert (customer["ownerId"], customer["lastOwnerId"], customer["handover"]["by"]) == (None, "usr_seller", None)
    assert customer["pooledAt"] is not None
    started = await mongo.database["outbox"].find_one({"routing_key": "customers.transfer.started.v1"})
    assert started is not None
    assert b'"tasks":true' in bytes(started["body"])


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"toId": "usr_gone"}, "OWNER_NOT_FOUND"),
        ({"toId": "usr_seller"}, "INVALID_TRANSFER"),
        ({"note": " "}, "INVALID_TRANSFER"),
        ({"parts": []}, "INVALID_TRANSFER"),
        ({"customerIds": []}, "INVALID_TRANSFER"),
    ],
)
async def test_bad_transfers_are_refused(
    client: SubgraphClient, mongo: Mongo, admin: Actor, given: dict[str, Any], code: str
) -> None:
    answer = await begin(client, admin, **given)
    assert [error["code"] for error in answer["userErrors"]] == [code]
    assert await mongo.database["transfers"].count_documents({}) == 0


async def test_to_transfer_is_a_right_of_its_own(client: SubgraphClient, seller: Actor, admin: Actor) -> None:
    refused = await begin(client, seller)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]
    begun = await begin(client, admin)
    asked = "query($id: ID!) { ownershipTransfer(id: $id) { id } }"
    found = await client.query(asked, {"id": begun["transfer"]["id"]}, by=seller)
    assert found.data == {"ownershipTransfer": None}
