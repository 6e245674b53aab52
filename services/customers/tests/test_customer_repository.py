"""Customers on the real database wire."""

import asyncio
from collections import Counter
from dataclasses import fields
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from access_rows import user_row

from rapport_customers.customers.errors import ExternalIdTaken
from rapport_customers.customers.inputs import NEWEST_FIRST
from rapport_customers.customers.model import Customer, CustomerKind, CustomerStage
from rapport_customers.customers.repository import INDEXES, CustomerRepository
from rapport_customers.customers.service import BELOW_USER, CustomerService
from rapport_customers.work import CustomersWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.errors import IdempotencyKeyReused, InvalidIdempotencyKey, NotAllowed, NotFound, VersionConflict
from rapport_shared.events import decode
from rapport_shared.mongo import Mongo, Order, PageRequest, page_request
from rapport_shared.persistence import Transactions
from rapport_shared.rights import Reach, Scope

EVERYTHING = Scope(Reach.ALL)
FULL = {
    "kind": "COMPANY",
    "name": "上海云帆科技有限公司",
    "phone": "138 1234 5678",
    "email": "Li.Wei@Example.com",
    "source": "展会",
    "stage": "OPPORTUNITY",
    "owner_id": "usr_seller",
    "tags": ["老客户", "VIP"],
    "external_id": "crm:17",
}


async def create(service: CustomerService, by: Actor, **details: Any) -> Customer:
    return await service.create({"kind": "PERSON", "name": "张三", "owner_id": by.id, **details}, by=by)


async def test_every_field_survives_the_round_trip(
    service: CustomerService, repository: CustomerRepository, admin: Actor, mongo: Mongo
) -> None:
    await mongo.database["access"].insert_one(user_row("usr_seller"))
    made = await service.create(FULL, by=admin)
    found = await repository.find(made.id, EVERYTHING)
    assert found == made
    assert found is not None
    later = {
        "_recorded",
        "assigned_rule",
        "consents",
        "deleted_at",
        "erased_at",
        "facts",
        "last_owner_id",
        "merged_ids",
        "merged_into_id",
        "pooled_at",
        "rule_tags",
        "tier",
        "tier_since",
        "transfer_id",
        "custom",
        "unique_values",
        "wechat",
        "industry",
        "company_size",
        "contact_person",
    }
    assert all(getattr(found, field.name) for field in fields(Customer) if field.name not in later)
    assert (found.phone, found.email, len(found.tags)) == ("+8613812345678", "Li.Wei@example.com", 2)
    assert (found.kind, found.stage) == (CustomerKind.COMPANY, CustomerStage.OPPORTUNITY)


async def test_a_change_and_its_event_commit_together(service: CustomerService, admin: Actor, mongo: Mongo) -> None:
    made = await create(service, admin)
    await service.update(made.id, {"name": "李四", "stage": "CUSTOMER"}, expected_version=1, by=admin)
    rows = await mongo.database["outbox"].find({"subject": made.id}).sort("_id", 1).to_list(None)
    assert [(row["routing_key"], row["version"]) for row in rows] == [
        ("customers.customer.created.v1", 1),
        ("customers.customer.updated.v1", 2),
    ]
    envelope, event = decode(rows[1]["body"])
    assert envelope.actor == admin.id
    assert event.changed == ("name", "stage")  # type: ignore[attr-defined]
    assert "李四".encode() not in rows[1]["body"]


async def test_a_rolled_back_change_leaves_no_event(
    transactions: Transactions[CustomersWork], mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    async def change(work: CustomersWork) -> None:
        customer = Customer.create("cus_1", {"kind": "PERSON", "name": "张三"}, now=clock())
        await work.customers.save(customer, by=admin)
        raise RuntimeError("after the save")

    with pytest.raises(RuntimeError):
        await transactions.run(change)
    assert await mongo.database["customers"].count_documents({}) == 0
    assert await mongo.database["outbox"].count_documents({}) == 0


async def test_concurrent_changes_are_each_applied_once(
    service: CustomerService, repository: CustomerRepository, admin: Actor, mongo: Mongo
) -> None:
    made = await create(service, admin)
    await asyncio.gather(
        *(service.update(made.id, {"source": f"s{n}"}, expected_version=None, by=admin) for n in range(5))
    )
    found = await repository.find(made.id, EVERYTHING)
    assert found is not None
    assert found.version == 6
    rows = await mongo.database["outbox"].find({"subject": made.id}).to_list(None)
    assert sorted(row["version"] for row in rows) == [1, 2, 3, 4, 5, 6]


async def test_a_stale_version_is_refused_with_the_current_record(service: CustomerService, admin: Actor) -> None:
    made = await create(service, admin)
    await service.update(made.id, {"name": "李四"}, expected_version=1, by=admin)
    with pytest.raises(VersionConflict) as conflict:
        await service.update(made.id, {"name": "王五"}, expected_version=1, by=admin)
    assert conflict.value.current.name == "李四"


async def test_an_update_that_changes_nothing_is_no_version(service: CustomerService, admin: Actor) -> None:
    made = await create(service, admin)
    assert (await service.update(made.id, {"name": " 张三 "}, expected_version=1, by=admin)).version == 1


async def test_one_idempotency_key_makes_one_customer(service: CustomerService, admin: Actor, mongo: Mongo) -> None:
    details = {"kind": "PERSON", "name": "张三"}
    made = await asyncio.gather(*(service.create(details, idempotency_key="k1", by=admin) for _ in range(4)))
    assert len({customer.id for customer in made}) == 1
    assert await mongo.database["customers"].count_documents({}) == 1
    with pytest.raises(IdempotencyKeyReused):
        await service.create({**details, "name": "李四"}, idempotency_key="k1", by=admin)
    for key in ("", "k" * 201):
        with pytest.raises(InvalidIdempotencyKey):
            await service.create(details, idempotency_key=key, by=admin)
    assert await mongo.database["customers"].count_documents({}) == 1


async def test_an_external_id_has_one_holder_until_it_is_deleted(service: CustomerService, admin: Actor) -> None:
    first = await create(service, admin, external_id="crm:1")
    with pytest.raises(ExternalIdTaken):
        await create(service, admin, external_id="crm:1")
    await service.delete(first.id, expected_version=1, by=admin)
    await create(service, admin, external_id="crm:1")
    with pytest.raises(ExternalIdTaken):
        await service.restore(first.id, expected_version=None, by=admin)


async def test_deleted_customers_are_out_of_every_list(service: CustomerService, admin: Actor) -> None:
    made = await create(service, admin)
    await service.delete(made.id, expected_version=None, by=admin)
    assert await service.find(made.id, by=admin) is None
    assert await service.find_many([made.id], by=admin) == {}
    with pytest.raises(NotFound):
        await service.update(made.id, {"name": "x"}, expected_version=None, by=admin)
    assert (await service.restore(made.id, expected_version=2, by=admin)).version == 3
    assert await service.find(made.id, by=admin) is not None


async def test_sellers_reach_their_own_customers_only(
    service: CustomerService, mongo: Mongo, admin: Actor, seller: Actor
) -> None:
    await mongo.database["access"].insert_many([user_row(user.id, user.role) for user in (admin, seller)])
    own = await create(service, seller)
    other = await create(service, admin)
    everything = PageRequest(50, (Order("_id"),))
    assert await service.find(other.id, by=seller) is None
    assert set(await service.find_many([own.id, other.id], by=seller)) == {own.id}
    assert [found.id for found in (await service.page({}, everything, by=seller)).items] == [own.id]
    assert await service.count({}, by=seller) == 1
    pages = await service.nested_pages(*BELOW_USER, [admin.id, seller.id], {}, everything, by=seller)
    assert {owner: [found.id for found in page.items] for owner, page in pages.items()} == {
        admin.id: [],
        seller.id: [own.id],
    }
    assert await service.nested_counts("owner_id", [admin.id, seller.id], {}, by=seller) == {seller.id: 1}
    with pytest.raises(NotFound):
        await service.update(other.id, {"name": "x"}, expected_version=None, by=seller)
    with pytest.raises(NotAllowed):
        await service.update(own.id, {"owner_id": admin.id}, expected_version=None, by=seller)
    with pytest.raises(NotAllowed):
        await create(service, seller, owner_id=admin.id)


async def test_support_reads_all_and_deletes_none(service: CustomerService, admin: Actor, support: Actor) -> None:
    made = await create(service, admin)
    assert await service.find(made.id, by=support) is not None
    assert (await service.update(made.id, {"name": "李四"}, expected_version=None, by=support)).name == "李四"
    with pytest.raises(NotAllowed):
        await service.delete(made.id, expected_version=None, by=support)
    with pytest.raises(NotAllowed):
        await create(service, support)


EACH_KIND: list[dict[str, Any]] = [
    {"source": None, "name": "甲"},
    {"source": "b", "name": "甲"},
    {"source": None, "name": "乙"},
]
ORDERS = [
    NEWEST_FIRST,
    (Order("source"),),
    (Order("source", descending=True), Order("name")),
    (Order("name"), Order("source", descending=True)),
    (Order("facts.last_order_at"), Order("source")),
    (Order("facts.last_order_at", descending=True),),
]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("backward", [False, True])
async def test_walking_a_list_while_others_write_gives_each_record_once(
    service: CustomerService, clock: ManualClock, admin: Actor, mongo: Mongo, order: tuple[Order, ...], backward: bool
) -> None:
    """Whoever was there all along, and was not moved within the order, comes exactly once; nobody new comes twice."""
    chance = Random(repr((order, backward)))  # another history for each, the same in every run

    def values() -> dict[str, Any]:
        return {"source": chance.choice([None, "a", "b"]), "name": chance.choice("甲乙")}

    async def insert(of: dict[str, Any], last_order: datetime | None = None) -> str:
        made = await create(service, admin, **of)
        change = {"$set": {"facts.last_order_at": last_order}}
        await mongo.database["customers"].update_one({"_id": made.id}, change)
        clock.advance(timedelta(milliseconds=chance.randrange(2)))
        return made.id

    there = [*EACH_KIND, *(values() for _ in range(5))]
    made = [await insert(of, chance.choice([None, clock()])) for of in there]
    moved: set[str] = set()
    walked: list[str] = []
    cursor: str | None = None
    more = True
    while more:
        ends = {"last": 2, "before": cursor} if backward else {"first": 2, "after": cursor}
        asked: dict[str, Any] = {"first": None, "after": None, "last": None, "before": None, **ends}
        page = await service.page({}, page_request(**asked, order=order), by=admin)
        ids = [customer.id for customer in page.items]
        walked = ids + walked if backward else walked + ids
        touched, about = chance.sample(made, 2)
        await service.update(touched, {"phone": f"+86138{len(walked):08}"}, expected_version=None, by=admin)
        if len(walked) < 12:
            await insert(values())
            await service.update(about, values(), expected_version=None, by=admin)
            moved.add(about)
        more = page.has_previous if backward else page.has_next
        cursor = page.cursors[0 if backward else -1]
    times = Counter(walked)
    assert {identifier for identifier in made if times[identifier] != 1} <= moved
    assert {identifier for identifier, count in times.items() if count > 1} <= moved
    assert len(moved) < len(made)


async def test_migrate_creates_every_index(mongo: Mongo) -> None:
    information = await mongo.database["customers"].index_information()
    assert {index.name for index in INDEXES} <= set(information)
