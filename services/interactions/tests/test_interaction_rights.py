"""Who reaches which interactions, and what happens to them when their customer changes hands."""

import asyncio
from typing import Any

import pytest

from rapport_interactions.interactions.model import Interaction
from rapport_interactions.interactions.service import InteractionService
from rapport_shared.actor import Actor
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.errors import NotAllowed, NotFound
from rapport_shared.mongo import Mongo, Order, PageRequest
from rapport_shared.rights import Verb

ALL = PageRequest(50, (Order("_id"),))
TALK = {"channel": "CHAT", "content": "退货"}


async def seen(service: InteractionService, by: Actor) -> set[str]:
    """What a list shows, after checking that every other door shows the same."""
    listed = {found.id for found in (await service.page({}, ALL, by=by)).items}
    assert await service.count({}, by=by) == len(listed)
    customers = ["cus_own", "cus_others"]
    pages = await service.customer_pages(customers, {}, ALL, by=by)
    assert {found.id for page in pages.values() for found in page.items} == listed
    assert sum((await service.customer_counts(customers, {}, by=by)).values()) == len(listed)
    return listed


async def test_sellers_see_interactions_of_their_own_customers_whoever_wrote_them(
    service: InteractionService, admin: Actor, seller: Actor, support: Actor, tell: Any
) -> None:
    await tell("cus_own", seller.id)
    await tell("cus_others", admin.id)
    own = await service.record("cus_own", TALK, by=support)
    other = await service.record("cus_others", TALK, by=admin)
    assert await seen(service, seller) == {own.id}
    assert await seen(service, support) == {own.id, other.id}
    assert set(await service.find_many([own.id, other.id], by=seller)) == {own.id}
    assert (await service.update(own.id, {"intent": "HIGH"}, expected_version=1, by=seller)).version == 2
    with pytest.raises(NotFound):
        await service.update(other.id, {"content": "x"}, expected_version=None, by=seller)
    with pytest.raises(NotFound):
        await service.delete(other.id, expected_version=None, by=seller)


async def test_support_changes_what_it_wrote_and_nothing_else(
    service: InteractionService, admin: Actor, support: Actor, tell: Any
) -> None:
    await tell("cus_own", "usr_seller")
    written = await service.record("cus_own", TALK, by=support)
    others = await service.record("cus_own", TALK, by=admin)
    await service.update(written.id, {"content": "换货"}, expected_version=None, by=support)
    await service.delete(written.id, expected_version=None, by=support)
    with pytest.raises(NotAllowed):
        await service.update(others.id, {"content": "换货"}, expected_version=None, by=support)
    with pytest.raises(NotAllowed):
        await service.delete(others.id, expected_version=None, by=support)


async def test_an_unknown_role_sees_and_records_nothing(service: InteractionService, admin: Actor, tell: Any) -> None:
    await tell("cus_own", admin.id)
    await service.record("cus_own", TALK, by=admin)
    assert await seen(service, Actor("usr_admin", "GUEST", "ses_9")) == set()


async def test_interactions_follow_their_customer_to_its_new_owner(
    service: InteractionService, mongo: Mongo, seller: Actor, tell: Any
) -> None:
    new_owner = Actor("usr_new", "SALES", "ses_5")
    await tell("cus_own", seller.id)
    await tell("cus_others", seller.id)
    moved = await service.record("cus_own", TALK, by=seller)
    kept = await service.record("cus_others", TALK, by=seller)
    await tell("cus_own", new_owner.id, version=2)
    assert await seen(service, new_owner) == {moved.id}
    assert await seen(service, seller) == {kept.id}
    with pytest.raises(NotFound):  # its author, but the customer is not theirs any more
        await service.update(moved.id, {"content": "x"}, expected_version=None, by=seller)
    assert (await service.update(moved.id, {"content": "x"}, expected_version=1, by=new_owner)).version == 2
    assert await mongo.database["outbox"].count_documents({"subject": moved.id}) == 2
    await tell("cus_own", seller.id, version=1)  # old news
    assert await seen(service, new_owner) == {moved.id}
    await tell("cus_own", None, version=3)
    assert await seen(service, new_owner) == set()


async def test_no_interaction_keeps_a_former_owner_recorded_while_the_customer_changes_hands(
    service: InteractionService, mongo: Mongo, admin: Actor, tell: Any
) -> None:
    await tell("cus_own", "usr_0")

    async def record() -> list[Interaction]:
        return [await service.record("cus_own", TALK, by=admin) for _ in range(10)]

    async def move() -> None:
        for version in range(2, 12):
            await tell("cus_own", f"usr_{version}", version=version)

    await asyncio.gather(record(), record(), move())
    assert await mongo.database["interactions"].distinct("customer_owner_id") == ["usr_11"]
    assert await mongo.database["interactions"].count_documents({}) == 20


def test_authorship_never_makes_a_record_visible_or_its_creation_allowed(seller: Actor) -> None:
    for verb in (Verb.READ, Verb.CREATE):
        assert DEFAULT_POLICY.scope(seller, verb, "Interaction").owner_fields == ("customer_owner_id",)
