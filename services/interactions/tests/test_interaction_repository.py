"""Interactions on the real database wire."""

import asyncio
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from rapport_interactions.interactions.errors import CustomerNotFound
from rapport_interactions.interactions.inputs import LATEST_FIRST
from rapport_interactions.interactions.model import Channel, Intent, Interaction
from rapport_interactions.interactions.repository import INDEXES, InteractionRepository
from rapport_interactions.interactions.service import InteractionService
from rapport_interactions.work import InteractionsWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.errors import IdempotencyKeyReused, NotFound, VersionConflict
from rapport_shared.events import decode
from rapport_shared.mongo import Mongo, Order, PageRequest, page_request
from rapport_shared.persistence import Transactions
from rapport_shared.rights import Reach, Scope

EVERYTHING = Scope(Reach.ALL)
CUSTOMER = "cus_1"


async def record(service: InteractionService, by: Actor, customer: str = CUSTOMER, **details: Any) -> Interaction:
    return await service.record(customer, {"channel": "PHONE", "content": "谈了价格", **details}, by=by)


async def test_every_field_survives_the_round_trip(
    service: InteractionService, repository: InteractionRepository, admin: Actor, clock: ManualClock, tell: Any
) -> None:
    await tell(CUSTOMER, "usr_seller")
    made = await record(
        service,
        admin,
        channel="VISIT",
        occurred_at=clock() - timedelta(days=2),
        participants=["王芳", "Bob"],
        content="第一行\n第二行",
        outcome="约好再谈",
        intent="HIGH",
        next_follow_up_at=clock() + timedelta(days=7),
    )
    found = await repository.find(made.id, EVERYTHING)
    assert found == made
    assert found is not None
    absent = {"deleted_at", "_recorded"}
    assert all(getattr(found, field.name) for field in fields(Interaction) if field.name not in absent)
    assert (found.channel, found.intent, found.participants) == (Channel.VISIT, Intent.HIGH, ("王芳", "Bob"))
    assert (found.customer_owner_id, found.author_id, found.content) == ("usr_seller", admin.id, "第一行\n第二行")


async def test_a_change_and_its_event_commit_together(
    service: InteractionService, admin: Actor, mongo: Mongo, clock: ManualClock, tell: Any
) -> None:
    await tell(CUSTOMER, "usr_seller")
    made = await record(service, admin, participants=["王芳"], next_follow_up_at=clock() + timedelta(days=1))
    await service.update(made.id, {"content": "改了", "intent": "LOW"}, expected_version=1, by=admin)
    await service.delete(made.id, expected_version=2, by=admin)
    rows = await mongo.database["outbox"].find({"subject": made.id}).sort("version", 1).to_list(None)
    assert [(row["routing_key"], row["version"]) for row in rows] == [
        ("interactions.interaction.recorded.v1", 1),
        ("interactions.interaction.updated.v1", 2),
        ("interactions.interaction.deleted.v1", 3),
    ]
    envelope, event = decode(rows[0]["body"])
    state = event.after  # type: ignore[attr-defined]
    assert envelope.actor == admin.id
    assert (state.customer_id, state.customer_owner_id) == (CUSTOMER, "usr_seller")
    assert state.next_follow_up_at == clock() + timedelta(days=1)
    said = [text.encode() for text in ("谈了价格", "改了", "王芳")]
    assert not any(text in row["body"] for row in rows for text in said)


async def test_a_rolled_back_change_leaves_no_event(
    transactions: Transactions[InteractionsWork], mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    async def change(work: InteractionsWork) -> None:
        details = {"channel": "PHONE", "content": "x"}
        whose: dict[str, Any] = {"customer_id": CUSTOMER, "customer_owner_id": None, "author_id": admin.id}
        await work.interactions.save(Interaction.create("int_1", details, **whose, now=clock()), by=admin)
        raise RuntimeError("after the save")

    with pytest.raises(RuntimeError):
        await transactions.run(change)
    assert await mongo.database["interactions"].count_documents({}) == 0
    assert await mongo.database["outbox"].count_documents({}) == 0


async def test_concurrent_records_and_changes_are_each_applied_once(
    service: InteractionService, repository: InteractionRepository, admin: Actor, mongo: Mongo, tell: Any
) -> None:
    await tell(CUSTOMER, None)
    made, *_ = await asyncio.gather(*(record(service, admin, content=f"c{n}") for n in range(5)))
    assert await mongo.database["interactions"].count_documents({}) == 5
    changes = (service.update(made.id, {"outcome": f"o{n}"}, expected_version=None, by=admin) for n in range(5))
    await asyncio.gather(*changes)
    found = await repository.find(made.id, EVERYTHING)
    assert found is not None
    assert found.version == 6
    rows = await mongo.database["outbox"].find({"subject": made.id}).to_list(None)
    assert sorted(row["version"] for row in rows) == [1, 2, 3, 4, 5, 6]


async def test_a_stale_version_is_refused_with_the_current_record(
    service: InteractionService, admin: Actor, tell: Any
) -> None:
    await tell(CUSTOMER, None)
    made = await record(service, admin)
    await service.update(made.id, {"content": "第二"}, expected_version=1, by=admin)
    with pytest.raises(VersionConflict) as conflict:
        await service.update(made.id, {"content": "第三"}, expected_version=1, by=admin)
    assert conflict.value.current.content == "第二"
    with pytest.raises(VersionConflict):
        await service.delete(made.id, expected_version=1, by=admin)


async def test_one_idempotency_key_makes_one_interaction(
    service: InteractionService, admin: Actor, mongo: Mongo, clock: ManualClock, tell: Any
) -> None:
    await tell(CUSTOMER, None)
    details = {"channel": "PHONE", "content": "x", "next_follow_up_at": clock() + timedelta(hours=1)}
    made = await asyncio.gather(*(service.record(CUSTOMER, details, idempotency_key="k1", by=admin) for _ in range(4)))
    assert len({interaction.id for interaction in made}) == 1
    # The repeat is not judged anew: by now the follow-up would come before the interaction.
    clock.advance(timedelta(hours=2))
    again = await service.record(CUSTOMER, details, idempotency_key="k1", by=admin)
    assert again == made[0]
    assert await mongo.database["interactions"].count_documents({}) == 1
    assert await mongo.database["outbox"].count_documents({}) == 1
    for other in ({**details, "content": "y"}, {**details, "channel": "SMS"}):
        with pytest.raises(IdempotencyKeyReused):
            await service.record(CUSTOMER, other, idempotency_key="k1", by=admin)
    with pytest.raises(IdempotencyKeyReused):
        await service.record("cus_2", details, idempotency_key="k1", by=admin)


async def test_deleted_interactions_are_out_of_every_door(service: InteractionService, admin: Actor, tell: Any) -> None:
    await tell(CUSTOMER, None)
    made = await record(service, admin)
    assert (await service.delete(made.id, expected_version=None, by=admin)).deleted_at is not None
    assert await service.find(made.id, by=admin) is None
    assert await service.find_many([made.id], by=admin) == {}
    with pytest.raises(NotFound):
        await service.update(made.id, {"content": "x"}, expected_version=None, by=admin)
    with pytest.raises(NotFound):
        await service.delete(made.id, expected_version=None, by=admin)


async def test_a_customer_that_becomes_known_in_time_is_found(
    service: InteractionService, admin: Actor, tell: Any
) -> None:
    recording = asyncio.create_task(record(service, admin))
    await asyncio.sleep(0.1)
    assert not recording.done()
    await tell(CUSTOMER, "usr_seller")
    assert (await recording).customer_owner_id == "usr_seller"


async def test_no_interaction_with_an_unknown_or_deleted_customer_or_another_sellers(
    service: InteractionService, seller: Actor, mongo: Mongo, tell: Any
) -> None:
    await tell("cus_deleted", seller.id, deleted=True)
    await tell("cus_others", "usr_other")
    asked = (record(service, seller, customer) for customer in ("cus_unknown", "cus_deleted", "cus_others"))
    outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [CustomerNotFound] * 3
    assert len({str(outcome) for outcome in outcomes}) == 1
    assert await mongo.database["interactions"].count_documents({}) == 0


@pytest.mark.parametrize(
    "order", [LATEST_FIRST, (Order("next_follow_up_at"),), (Order("next_follow_up_at", descending=True),)]
)
@pytest.mark.parametrize("backward", [False, True])
async def test_walking_a_list_while_others_insert_gives_each_record_once(
    service: InteractionService,
    clock: ManualClock,
    admin: Actor,
    tell: Any,
    order: tuple[Order, ...],
    backward: bool,
) -> None:
    await tell(CUSTOMER, None)
    start, made = clock(), set()
    for number in range(17):  # ties and nulls in the sort keys
        follow_up = None if number % 3 == 0 else start + timedelta(days=1 + number % 4)
        occurred_at = start - timedelta(hours=number % 5)
        made.add((await record(service, admin, occurred_at=occurred_at, next_follow_up_at=follow_up)).id)
    walked: list[str] = []
    cursor: str | None = None
    while True:
        ends = {"last": 3, "before": cursor} if backward else {"first": 3, "after": cursor}
        asked: dict[str, Any] = {"first": None, "after": None, "last": None, "before": None, **ends}
        page = await service.page({}, page_request(**asked, order=order), by=admin)
        ids = [interaction.id for interaction in page.items]
        walked = ids + walked if backward else walked + ids
        middle: dict[str, Any] = {
            "occurred_at": start - timedelta(hours=2),
            "next_follow_up_at": start + timedelta(days=2),
        }
        await record(service, admin, **middle)
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = page.cursors[0] if backward else page.cursors[-1]
    assert len(walked) == len(set(walked))
    assert made <= set(walked)


async def test_each_customer_has_a_page_and_a_count_of_its_own(
    service: InteractionService, admin: Actor, clock: ManualClock, tell: Any
) -> None:
    for customer in ("cus_1", "cus_2", "cus_3"):
        await tell(customer, None)
    first = [await record(service, admin, occurred_at=clock() - timedelta(days=n)) for n in range(4)]
    second = await record(service, admin, "cus_2")
    request = PageRequest(2, LATEST_FIRST)
    pages = await service.customer_pages(["cus_1", "cus_2", "cus_3"], {}, request, by=admin)
    assert {customer: [found.id for found in page.items] for customer, page in pages.items()} == {
        "cus_1": [first[0].id, first[1].id],
        "cus_2": [second.id],
        "cus_3": [],
    }
    assert (pages["cus_1"].has_next, pages["cus_2"].has_next) == (True, False)
    counts = await service.customer_counts(["cus_1", "cus_2", "cus_3"], {}, by=admin)
    assert counts == {"cus_1": 4, "cus_2": 1}


async def test_migrate_creates_every_index(mongo: Mongo) -> None:
    information = await mongo.database["interactions"].index_information()
    assert {index.name for index in INDEXES} <= set(information)
