"""A customer is erased: nothing that was said stays, whatever happens at the same time, before, or again."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import heard_events
import pytest
from subgraph_client import SubgraphClient

from rapport_interactions.consumers import HANDLERS
from rapport_interactions.interactions.errors import CustomerIsErased
from rapport_interactions.interactions.model import Interaction
from rapport_interactions.interactions.service import InteractionService
from rapport_interactions.work import InteractionsWork
from rapport_shared.actor import Actor
from rapport_shared.audit import Chain, verify
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerErased, CustomerPurged, CustomerState, CustomerUpdated
from rapport_shared.contracts.subjects import InteractionsSubjectErased, SubjectExportRequested
from rapport_shared.errors import RecordErased
from rapport_shared.events import Event, decode
from rapport_shared.explanation import explained
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions

SECRET = "secret-4711"
ALIVE = CustomerState(kind="PERSON", stage="LEAD", owner_id="usr_seller")
GONE = replace(ALIVE, erased=True)
Hear = Callable[[Event, int], Awaitable[None]]


@pytest.fixture
def hear(transactions: Transactions[InteractionsWork], clock: ManualClock) -> Hear:
    """Handle an event of that version."""

    async def handle(event: Event, version: int) -> None:
        await heard_events.hear(transactions, HANDLERS, event, version=version, at=clock())

    return handle


def _updated(customer: str, state: CustomerState = ALIVE) -> CustomerUpdated:
    return CustomerUpdated(customer_id=customer, changed=("name",), before=state, after=state)


def _erased(customer: str) -> CustomerErased:
    return CustomerErased(customer_id=customer, request_id=f"sbr_{customer}", before=ALIVE, after=GONE)


async def _record(
    service: InteractionService, by: Actor, customer: str = "cus_1", key: str | None = None
) -> Interaction:
    said = {"channel": "PHONE", "content": SECRET, "outcome": SECRET, "participants": [SECRET]}
    with explained(SECRET):
        return await service.record(customer, said, idempotency_key=key, by=by)


async def _secrets(mongo: Mongo) -> list[str]:
    return [
        name
        for name in await mongo.database.list_collection_names()
        for document in await mongo.database[name].find().to_list(None)
        if SECRET in str(document)
    ]


async def test_nothing_that_was_said_to_a_purged_customer_stays(
    service: InteractionService, mongo: Mongo, admin: Actor, hear: Hear
) -> None:
    await hear(_updated("cus_1"), 1)
    await _record(service, admin)
    away = replace(ALIVE, deleted=True)
    await hear(CustomerPurged(customer_id="cus_1", before=away, after=replace(away, erased=True)), 2)
    assert await _secrets(mongo) == []


async def test_nothing_that_was_said_stays(
    service: InteractionService, mongo: Mongo, admin: Actor, hear: Hear, clock: ManualClock
) -> None:
    await hear(_updated("cus_1"), 1)
    await hear(_updated("cus_2"), 1)
    made = [await _record(service, admin) for _ in range(3)]
    await service.delete(made[0].id, expected_version=None, by=admin)
    other = await _record(service, admin, "cus_2")
    chain = Chain(mongo, clock)
    await chain.seal()
    await hear(_erased("cus_1"), 2)
    left = await service.find_many([record.id for record in [*made, other]], by=admin)
    assert left[other.id].content == SECRET
    for record in made[1:]:
        shell = left[record.id]
        assert (shell.content, shell.outcome, shell.participants) == ("[erased]", None, ())
        assert (shell.version, shell.occurred_at, shell.author_id) == (1, record.occurred_at, admin.id)
    await mongo.database["interactions"].delete_one({"_id": other.id})
    await mongo.database["audit"].update_many({"record": other.id}, {"$unset": {"erasable.reason": ""}})
    assert await _secrets(mongo) == []


async def test_the_answer_counts_and_the_audit_log_holds(
    service: InteractionService, mongo: Mongo, admin: Actor, hear: Hear, clock: ManualClock
) -> None:
    await hear(_updated("cus_1"), 1)
    for _ in range(2):
        await _record(service, admin)
    chain = Chain(mongo, clock)
    await chain.seal()
    await hear(_erased("cus_1"), 2)
    while await chain.seal():
        pass
    assert [str(problem) async for problem in verify(mongo.database)] == []
    rows = await mongo.database["outbox"].find({"subject": "sbr_cus_1"}).to_list(None)
    (answer,) = [decode(bytes(row["body"]))[1] for row in rows]
    assert answer == InteractionsSubjectErased(request_id="sbr_cus_1", customer_id="cus_1", records=2, at=clock())
    noted = await mongo.database["audit"].count_documents({"action": "interactions.interaction.erased"})
    assert noted == 2


async def test_late_commands_and_old_events_bring_nothing_back(
    service: InteractionService, mongo: Mongo, admin: Actor, hear: Hear
) -> None:
    await hear(_updated("cus_1"), 1)
    made = await _record(service, admin, key="k")
    await hear(_erased("cus_1"), 3)
    await hear(_updated("cus_1"), 2)
    with pytest.raises(CustomerIsErased):
        await _record(service, admin)
    for change in ({"content": SECRET}, {"outcome": SECRET}, {"participants": [SECRET]}):
        with pytest.raises(RecordErased):
            await service.update(made.id, change, expected_version=None, by=admin)
    assert (await _record(service, admin, key="k")).id == made.id, "the command of then is known"
    assert await _secrets(mongo) == []
    changed = await service.update(made.id, {"intent": "HIGH"}, expected_version=None, by=admin)
    assert (changed.intent, changed.content) == ("HIGH", "[erased]")


async def test_an_erasure_that_is_told_again_is_answered_once(
    service: InteractionService, mongo: Mongo, admin: Actor, hear: Hear
) -> None:
    await hear(_updated("cus_1"), 1)
    await _record(service, admin)
    for _ in range(2):
        await hear(_erased("cus_1"), 2)
    assert await mongo.database["outbox"].count_documents({"subject": "sbr_cus_1"}) == 1
    assert await _secrets(mongo) == []


async def test_what_is_recorded_at_the_same_time_is_erased_or_refused(
    service: InteractionService, mongo: Mongo, admin: Actor, hear: Hear
) -> None:
    await hear(_updated("cus_1"), 1)
    commands = [_record(service, admin) for _ in range(15)]
    outcomes = await asyncio.gather(*commands[:8], hear(_erased("cus_1"), 2), *commands[8:], return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    assert all(isinstance(outcome, CustomerIsErased) for outcome in refused), refused
    assert await mongo.database["interactions"].count_documents({"content": {"$ne": "[erased]"}}) == 0
    made = await mongo.database["interactions"].count_documents({})
    assert made == len(outcomes) - 1 - len(refused)


async def test_a_copy_is_read_by_who_may_export_and_every_page_is_noted(
    client: SubgraphClient,
    service: InteractionService,
    mongo: Mongo,
    admin: Actor,
    support: Actor,
    hear: Hear,
) -> None:
    await hear(_updated("cus_1"), 1)
    made = [await _record(service, admin) for _ in range(3)]
    document = """query($of: [_Any!]!, $after: String) { _entities(representations: $of) { ... on SubjectRequest {
      interactionsRecords(first: 2, after: $after) { next records { id type data } } } } }"""
    of = [{"__typename": "SubjectRequest", "id": "sbr_1"}]

    async def read(by: Actor, after: str | None = None) -> Any:
        return await client.query(document, {"of": of, "after": after}, by=by)

    assert (await read(admin)).data["_entities"] == [{"interactionsRecords": None}], "not asked for yet"
    await hear(SubjectExportRequested(request_id="sbr_1", customer_id="cus_1"), 1)
    first = (await read(admin)).data["_entities"][0]["interactionsRecords"]
    rest = (await read(admin, first["next"])).data["_entities"][0]["interactionsRecords"]
    assert [record["id"] for record in first["records"] + rest["records"]] == [record.id for record in made]
    assert rest["next"] is None
    data = first["records"][0]["data"]
    assert (data["content"], data["participants"], data["customerId"]) == (SECRET, [SECRET], "cus_1")
    noted = await mongo.database["audit"].find({"action": "interactions.subject.read"}).to_list(None)
    assert [(row["actor"], row["rows"]) for row in noted] == [(admin.id, 2), (admin.id, 1)]
    refused = await read(support)
    assert (refused.codes, "secret" in str(refused.body)) == (["FORBIDDEN"], False)
    assert (await read(admin, "nonsense")).codes == ["BAD_USER_INPUT"]
