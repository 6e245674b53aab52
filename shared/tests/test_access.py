"""What a service knows of those who act: fed by events, held in memory, and who a token's caller is by it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from rapport_shared.access import ACCESS_HANDLERS, INDEXES, AccessRecords, Directory, adopt_users
from rapport_shared.actor import Actor, Via
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.identity import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyState,
    RoleCreated,
    RoleDeleted,
    RoleState,
    RoleUpdated,
    SessionEnded,
    TeamCreated,
    TeamState,
    UserCreated,
    UserState,
    UserUpdated,
)
from rapport_shared.errors import Unauthenticated
from rapport_shared.events import Envelope, Event
from rapport_shared.mongo import Database, Mongo, Session, connect, create_indexes
from rapport_shared.persistence import Transactions, Work
from rapport_shared.rights import Reach, Verb

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
SELLER = UserState(role="SALES", active=True)
CALLER = Actor("usr_1", "SALES", "ses_1")


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
async def mongo(mongo_url: str, database_prefix: str) -> AsyncIterator[Mongo]:
    mongo = connect(mongo_url, f"{database_prefix}_access")
    await create_indexes(mongo.database, INDEXES)
    yield mongo
    await mongo.client.drop_database(mongo.database.name)
    await mongo.close()


class Bus:
    """Handles events as a service's consumer does: each in a transaction."""

    def __init__(self, mongo: Mongo, clock: ManualClock) -> None:
        def work(database: Database, session: Session) -> Work:
            return Work(database, session, service="test", clock=clock)

        self._transactions = Transactions(mongo, work)
        self._clock = clock
        self._versions: dict[str, int] = {}

    async def tell(self, event: Event, *, version: int | None = None) -> None:
        self._versions[event.subject] = self._versions.get(event.subject, 0) + 1
        envelope = Envelope(
            id="e",
            routing_key=event.routing_key,
            source="/rapport/identity",
            subject=event.subject,
            time=self._clock(),
            version=version or self._versions[event.subject],
            actor="usr_admin",
            correlation_id="c",
        )
        await self._transactions.run(partial(ACCESS_HANDLERS[type(event)], event, envelope))


@pytest.fixture
def bus(mongo: Mongo, clock: ManualClock) -> Bus:
    return Bus(mongo, clock)


@pytest.fixture
def directory(mongo: Mongo, clock: ManualClock) -> Directory:
    return Directory(mongo.database, clock)


def updated(before: UserState, after: UserState) -> UserUpdated:
    return UserUpdated(user_id="usr_1", changed=("role",), before=before, after=after)


async def test_whoever_is_not_known_is_who_the_token_says(directory: Directory) -> None:
    await directory.loaded()
    assert directory.actor(CALLER) == CALLER
    assert directory.policy.reach(CALLER, Verb.READ, "Customer") is Reach.OWN


async def test_role_and_team_are_those_that_are_known(bus: Bus, directory: Directory) -> None:
    await bus.tell(UserCreated(user_id="usr_1", after=SELLER))
    await directory.loaded()
    assert directory.actor(CALLER).role == "SALES"
    promoted = UserState(role="MANAGER", active=True, team_id="tem_1")
    await bus.tell(updated(SELLER, promoted))
    assert directory.actor(CALLER).role == "SALES"
    await directory.refresh()
    assert (directory.actor(CALLER).role, directory.actor(CALLER).team_id) == ("MANAGER", "tem_1")
    await bus.tell(updated(promoted, SELLER), version=1)  # an old event that comes late
    await directory.refresh()
    assert directory.actor(CALLER).role == "MANAGER"


async def test_who_may_not_act_any_more(bus: Bus, directory: Directory, clock: ManualClock) -> None:
    key = ApiKeyState(role="INTEGRATOR", owner_id="usr_1", active=True, expires_at=NOW + timedelta(days=1))
    by_key = Actor("key_1", "INTEGRATOR", "key_1", via=Via.KEY, key_id="key_1")
    await bus.tell(UserCreated(user_id="usr_1", after=SELLER))
    await bus.tell(ApiKeyCreated(key_id="key_1", after=key))
    await directory.loaded()
    assert directory.actor(by_key) == Actor("usr_1", "INTEGRATOR", "key_1", via=Via.KEY, key_id="key_1")

    async def refused(caller: Actor) -> str:
        await directory.refresh()
        with pytest.raises(Unauthenticated) as fault:
            directory.actor(caller)
        return fault.value.message

    await bus.tell(SessionEnded(session_id="ses_1", user_id="usr_1"))
    assert await refused(CALLER) == "The session has ended."
    other_session = Actor("usr_1", "SALES", "ses_2")
    assert directory.actor(other_session) == other_session
    clock.advance(timedelta(days=2))
    assert await refused(by_key) == "The API key is not valid any more."
    clock.advance(-timedelta(days=2))
    revoked = ApiKeyState(role="INTEGRATOR", owner_id="usr_1", active=False, expires_at=None)
    await bus.tell(ApiKeyRevoked(key_id="key_1", before=key, after=revoked))
    assert await refused(by_key) == "The API key is not valid any more."
    await bus.tell(updated(SELLER, UserState(role="SALES", active=False)))
    assert await refused(other_session) == "The user is not active."


async def test_a_key_ends_with_its_owner(bus: Bus, directory: Directory) -> None:
    key = ApiKeyState(role="INTEGRATOR", owner_id="usr_1", active=True, expires_at=None)
    await bus.tell(ApiKeyCreated(key_id="key_1", after=key))
    await bus.tell(UserCreated(user_id="usr_1", after=UserState(role="SALES", active=False)))
    await directory.loaded()
    with pytest.raises(Unauthenticated):
        directory.actor(Actor("key_1", "INTEGRATOR", "key_1", via=Via.KEY, key_id="key_1"))


async def test_roles_as_data_take_the_place_of_the_default_ones(bus: Bus, directory: Directory) -> None:
    def role(reach: str, **fields: str) -> RoleState:
        grants = {"Customer": {"READ": reach}}
        return RoleState(label="Sales", grants=grants, fields={"Customer": fields}, builtin=True)

    await bus.tell(RoleCreated(role="SALES", after=role("TEAM")))
    await bus.tell(TeamCreated(team_id="tem_1", after=TeamState(parent_id=None)))
    for user in ("usr_1", "usr_2"):
        await bus.tell(UserCreated(user_id=user, after=UserState(role="SALES", active=True, team_id="tem_1")))
    await directory.loaded()
    policy = directory.policy
    assert policy.scope(directory.actor(CALLER), Verb.READ, "Customer").owners == {"usr_1", "usr_2"}
    assert policy.reach(CALLER, Verb.CREATE, "Customer") is Reach.NONE
    await bus.tell(RoleUpdated(role="SALES", changed=("fields",), before=role("TEAM"), after=role("ALL", phone="MASK")))
    await directory.refresh()
    assert policy.scope(CALLER, Verb.READ, "Customer").reach is Reach.ALL
    assert policy.fields(CALLER, "Customer").hidden == {"phone"}
    await bus.tell(RoleDeleted(role="SALES", before=role("ALL"), after=role("ALL")))
    await directory.refresh()
    assert policy.scope(CALLER, Verb.READ, "Customer").reach is Reach.ALL  # deleted is what the state says
    gone = RoleState(label="", grants={"Customer": {"READ": "ALL"}}, fields={}, builtin=True, deleted=True)
    await bus.tell(RoleDeleted(role="SALES", before=role("ALL"), after=gone))
    await directory.refresh()
    assert policy.scope(CALLER, Verb.READ, "Customer").reach is Reach.NONE


async def test_changes_side_by_side_are_all_seen(bus: Bus, directory: Directory, mongo: Mongo) -> None:
    changes = 0

    def count() -> None:
        nonlocal changes
        changes += 1

    directory.on_change(count)
    await directory.loaded()
    users = [f"usr_{number}" for number in range(24)]
    telling = asyncio.gather(*(bus.tell(UserCreated(user_id=user, after=SELLER)) for user in users))
    while not telling.done():
        await directory.refresh()
        await asyncio.sleep(0)
    await telling
    await directory.refresh()
    before = changes
    await directory.refresh()
    assert changes == before > 0
    promoted = [Actor(user, "NOBODY") for user in users]
    assert {directory.actor(caller).role for caller in promoted} == {"SALES"}
    rows = await AccessRecords(mongo.database).since(-1)
    assert sorted(row["seq"] for row in rows) == list(range(1, 25))


async def test_users_that_an_earlier_release_knew_are_taken_over_once(mongo: Mongo, directory: Directory) -> None:
    await mongo.database["users"].insert_one({"_id": "usr_1", "version": 3, "role": "SUPPORT", "active": True})
    await adopt_users(mongo.database)
    await mongo.database["users"].insert_one({"_id": "usr_2", "version": 1, "role": "SALES", "active": True})
    await adopt_users(mongo.database)
    await directory.loaded()
    assert directory.actor(CALLER).role == "SUPPORT"
    assert await AccessRecords(mongo.database).find("usr_2") is None
