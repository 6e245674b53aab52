"""Users on the real database wire."""

import asyncio
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from rapport_identity.app import INDEXES
from rapport_identity.teams.service import TeamService
from rapport_identity.users.errors import EmailTaken, ExternalIdTaken, ManagerNotFound, WeakPassword
from rapport_identity.users.inputs import NEWEST_FIRST
from rapport_identity.users.model import User
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.service import UserService
from rapport_identity.work import IdentityWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.errors import IdempotencyKeyReused, NotAllowed
from rapport_shared.events import decode
from rapport_shared.mongo import Mongo, Order, PageRequest, page_request
from rapport_shared.persistence import Transactions
from rapport_shared.rights import Reach, Scope

EVERYBODY = Scope(Reach.ALL)
DETAILS = {"email": "Li.Wei@example.com", "name": "李伟", "role": "SALES"}


async def create(
    users: UserService, by: Actor, *, password: str | None = None, key: str | None = None, **given: Any
) -> User:
    return await users.create({**DETAILS, **given}, password=password, idempotency_key=key, by=by)


async def test_every_field_survives_the_round_trip(
    users: UserService,
    teams: TeamService,
    repository: UserRepository,
    transactions: Transactions[IdentityWork],
    clock: ManualClock,
    admin: Actor,
) -> None:
    manager = await create(users, admin, email="boss@example.com", role="MANAGER")
    team = await teams.create("华东", None, by=admin)
    given = {"title": "销售", "external_id": "hr:7", "manager_id": manager.id, "team_id": team.id}
    made = await create(users, admin, password="correct horse", **given)

    async def invite_and_bind(work: IdentityWork) -> User:
        user = await work.users.get(made.id, readable=EVERYBODY, changeable=EVERYBODY)
        user.invite(now=clock())
        user.bind("https://id.example.com sub-1", now=clock())
        user.password_hash = made.password_hash
        await work.users.save(user, by=admin)
        return user

    expected = await transactions.run(invite_and_bind)
    found = await repository.find(made.id, EVERYBODY)
    assert found == expected
    assert found is not None
    assert all(getattr(found, field.name) for field in fields(User) if field.name != "_recorded")


async def test_a_user_and_its_event_commit_together(users: UserService, mongo: Mongo, admin: Actor) -> None:
    made = await create(users, admin, password="correct horse", title="Agent")
    [row] = await mongo.database["outbox"].find({}).to_list(None)
    assert (row["routing_key"], row["subject"], row["version"]) == ("identity.user.created.v1", made.id, 1)
    assert decode(row["body"])[0].actor == admin.id
    for secret in ("Li.Wei", "李伟", "Agent", "argon2"):
        assert secret.encode() not in row["body"]


async def test_a_rolled_back_user_leaves_no_event(
    transactions: Transactions[IdentityWork], mongo: Mongo, admin: Actor, clock: ManualClock
) -> None:
    async def change(work: IdentityWork) -> None:
        await work.users.save(User.create("usr_1", DETAILS, password_hash=None, now=clock()), by=admin)
        raise RuntimeError("after the save")

    with pytest.raises(RuntimeError):
        await transactions.run(change)
    assert await mongo.database["users"].count_documents({}) == 0
    assert await mongo.database["outbox"].count_documents({}) == 0


async def test_a_mail_address_has_one_user_in_any_case(users: UserService, mongo: Mongo, admin: Actor) -> None:
    await create(users, admin)
    with pytest.raises(EmailTaken):
        await create(users, admin, email="LI.WEI@EXAMPLE.COM")
    outcomes = await asyncio.gather(
        *(create(users, admin, email=address) for address in ("a@x.cn", "A@x.cn", "a@X.cn")), return_exceptions=True
    )
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["EmailTaken", "EmailTaken", "User"]
    assert await mongo.database["outbox"].count_documents({}) == 2


async def test_an_external_id_has_one_user(users: UserService, repository: UserRepository, admin: Actor) -> None:
    await create(users, admin, external_id="hr:1")
    with pytest.raises(ExternalIdTaken):
        await create(users, admin, email="b@example.com", external_id="hr:1")
    await create(users, admin, email="c@example.com")
    await create(users, admin, email="d@example.com")
    assert await repository.count({}) == 3


async def test_a_manager_must_be_a_user(users: UserService, repository: UserRepository, admin: Actor) -> None:
    with pytest.raises(ManagerNotFound):
        await create(users, admin, manager_id="usr_nobody")
    assert await repository.count({}) == 0


async def test_one_idempotency_key_makes_one_user(
    users: UserService, repository: UserRepository, mongo: Mongo, admin: Actor
) -> None:
    made = await asyncio.gather(*(create(users, admin, password="correct horse", key="k1") for _ in range(4)))
    assert len({user.id for user in made}) == 1
    assert await repository.count({}) == 1
    assert await mongo.database["outbox"].count_documents({}) == 1
    for other in ({"name": "王五"}, {"password": "another horse"}, {"password": None}):
        with pytest.raises(IdempotencyKeyReused):
            await create(users, admin, key="k1", **{"password": "correct horse", **other})


async def test_only_administrators_make_users(users: UserService, repository: UserRepository, seller: Actor) -> None:
    for role in ("MANAGER", "SALES", "SUPPORT", "GUEST"):
        with pytest.raises(NotAllowed):
            await create(users, Actor(seller.id, role), password="short")
    assert await repository.count({}) == 0


async def test_a_role_without_the_right_sees_nobody(users: UserService, admin: Actor, stranger: Actor) -> None:
    made = await create(users, admin)
    assert await users.find(made.id, by=stranger) is None
    assert await users.find_many([made.id], by=stranger) == {}
    assert (await users.page({}, PageRequest(9, (Order("_id"),)), by=stranger)).items == []
    assert await users.count({}, by=stranger) == 0


@pytest.mark.parametrize("order", [NEWEST_FIRST, (Order("name"),), (Order("title", descending=True), Order("name"))])
@pytest.mark.parametrize("backward", [False, True])
async def test_walking_a_list_while_others_insert_gives_each_user_once(
    users: UserService, clock: ManualClock, admin: Actor, order: tuple[Order, ...], backward: bool
) -> None:
    made = set()
    for number in range(13):  # ties and nulls in the sort keys
        title = None if number % 3 == 0 else f"title {number % 4}"
        made.add((await create(users, admin, email=f"a{number}@x.cn", name=f"名 {number % 5}", title=title)).id)
        clock.advance(timedelta(milliseconds=number % 2))
    walked: list[str] = []
    cursor: str | None = None
    while True:
        ends = {"last": 3, "before": cursor} if backward else {"first": 3, "after": cursor}
        asked: dict[str, Any] = {"first": None, "after": None, "last": None, "before": None, **ends}
        page = await users.page({}, page_request(**asked, order=order), by=admin)
        ids = [user.id for user in page.items]
        walked = ids + walked if backward else walked + ids
        await create(users, admin, email=f"b{len(walked)}@x.cn", name="名 9", title="title 2")
        if not (page.has_previous if backward else page.has_next):
            break
        cursor = page.cursors[0] if backward else page.cursors[-1]
    assert len(walked) == len(set(walked))
    assert made <= set(walked)


async def test_the_first_administrator_is_made_once(
    users: UserService, repository: UserRepository, mongo: Mongo
) -> None:
    made = await asyncio.gather(*(users.create_first_admin("root@x.cn", "correct horse") for _ in range(3)))
    assert await users.create_first_admin("other@x.cn", "correct horse") is None
    [admin] = [user for user in made if user is not None]
    assert (admin.role, admin.active) == ("ADMIN", True)
    assert await repository.count({}) == 1
    assert await mongo.database["outbox"].count_documents({}) == 1


async def test_the_first_administrator_needs_a_password_like_all(users: UserService) -> None:
    with pytest.raises(WeakPassword):
        await users.create_first_admin("root@x.cn", "short")


async def test_migrate_creates_every_index(mongo: Mongo) -> None:
    for index in INDEXES:
        assert index.name in await mongo.database[index.collection].index_information()
