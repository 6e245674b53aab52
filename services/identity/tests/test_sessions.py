"""Renewing and ending sessions."""

import asyncio
from datetime import timedelta

import pytest

from rapport_identity.sessions.errors import InvalidRefreshToken, SessionNotFound
from rapport_identity.sessions.model import REFRESH_LIFETIME, SignedIn
from rapport_identity.sessions.service import SessionService
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.identity import SessionEnded
from rapport_shared.errors import Forbidden, NotFound
from rapport_shared.events import Event, decode
from rapport_shared.mongo import Mongo

EMAIL, PASSWORD = "li.wei@example.com", "correct horse"


@pytest.fixture
async def signed_in(users: UserService, sessions: SessionService, admin: Actor) -> SignedIn:
    await users.create({"email": EMAIL, "name": "李伟", "role": "SALES"}, password=PASSWORD, by=admin)
    return await sessions.sign_in(EMAIL, PASSWORD)


def actor_of(signed_in: SignedIn) -> Actor:
    return Actor(signed_in.user.id, signed_in.user.role, signed_in.session_id)


async def refuses(sessions: SessionService, *tokens: str) -> bool:
    for token in tokens:
        with pytest.raises(InvalidRefreshToken):
            await sessions.refresh(token)
    return True


async def test_a_session_goes_on_with_a_new_token_each_time(
    sessions: SessionService, clock: ManualClock, signed_in: SignedIn
) -> None:
    tokens = [signed_in.refresh_token]
    for _ in range(3):
        clock.advance(REFRESH_LIFETIME - timedelta(milliseconds=1))
        renewed = await sessions.refresh(tokens[-1])
        assert (renewed.session_id, renewed.user) == (signed_in.session_id, signed_in.user)
        tokens.append(renewed.refresh_token)
    assert len(set(tokens)) == 4
    assert all(len(token) == 43 for token in tokens)


async def test_a_used_token_ends_the_whole_session(sessions: SessionService, signed_in: SignedIn) -> None:
    second = (await sessions.refresh(signed_in.refresh_token)).refresh_token
    third = (await sessions.refresh(second)).refresh_token
    assert await refuses(sessions, signed_in.refresh_token)
    assert await refuses(sessions, third, second)


async def test_other_sessions_of_the_user_go_on(sessions: SessionService, signed_in: SignedIn) -> None:
    other = await sessions.sign_in(EMAIL, PASSWORD)
    await sessions.refresh(signed_in.refresh_token)
    assert await refuses(sessions, signed_in.refresh_token)
    assert (await sessions.refresh(other.refresh_token)).session_id == other.session_id


async def test_a_token_used_twice_at_once_is_honoured_once_and_ends_the_session(
    sessions: SessionService, mongo: Mongo, signed_in: SignedIn
) -> None:
    outcomes = await asyncio.gather(
        *(sessions.refresh(signed_in.refresh_token) for _ in range(4)), return_exceptions=True
    )
    [renewed] = [outcome for outcome in outcomes if isinstance(outcome, SignedIn)]
    assert sum(isinstance(outcome, InvalidRefreshToken) for outcome in outcomes) == 3
    assert await refuses(sessions, renewed.refresh_token)
    assert await mongo.database["refresh_tokens"].count_documents({}) == 2


async def test_a_token_ends_after_thirty_days(
    sessions: SessionService, clock: ManualClock, signed_in: SignedIn
) -> None:
    clock.advance(timedelta(days=30))
    assert await refuses(sessions, signed_in.refresh_token)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "A" * 43, "a" * 100_000])
async def test_what_is_no_token_is_refused(sessions: SessionService, token: str) -> None:
    assert await refuses(sessions, token)


async def test_who_is_deactivated_cannot_go_on(sessions: SessionService, mongo: Mongo, signed_in: SignedIn) -> None:
    await mongo.database["users"].update_one({"_id": signed_in.user.id}, {"$set": {"active": False}})
    assert await refuses(sessions, signed_in.refresh_token)
    await mongo.database["users"].update_one({"_id": signed_in.user.id}, {"$set": {"active": True}})
    assert await refuses(sessions, signed_in.refresh_token)


async def test_the_database_holds_no_token(sessions: SessionService, mongo: Mongo, signed_in: SignedIn) -> None:
    renewed = await sessions.refresh(signed_in.refresh_token)
    for name in await mongo.database.list_collection_names():
        held = str(await mongo.database[name].find({}).to_list(None))
        assert signed_in.refresh_token not in held
        assert renewed.refresh_token not in held
        assert renewed.access_token not in held


async def test_signing_out_ends_the_session_of_the_access_token(sessions: SessionService, signed_in: SignedIn) -> None:
    other = await sessions.sign_in(EMAIL, PASSWORD)
    await sessions.sign_out(None, by=actor_of(signed_in))
    await sessions.sign_out(None, by=actor_of(signed_in))
    assert await refuses(sessions, signed_in.refresh_token)
    assert (await sessions.refresh(other.refresh_token)).user == other.user


async def test_signing_out_with_a_refresh_token_ends_its_session(sessions: SessionService, signed_in: SignedIn) -> None:
    other = await sessions.sign_in(EMAIL, PASSWORD)
    await sessions.sign_out(other.refresh_token, by=actor_of(signed_in))
    assert await refuses(sessions, other.refresh_token)
    assert (await sessions.refresh(signed_in.refresh_token)).user == signed_in.user


async def test_nobody_ends_the_session_of_another(sessions: SessionService, signed_in: SignedIn, seller: Actor) -> None:
    for token in (signed_in.refresh_token, "unknown"):
        with pytest.raises(InvalidRefreshToken):
            await sessions.sign_out(token, by=seller)
    assert (await sessions.refresh(signed_in.refresh_token)).user == signed_in.user


async def events(mongo: Mongo, session_id: str) -> list[Event]:
    rows = await mongo.database["outbox"].find({"subject": session_id}).to_list(None)
    return [decode(row["body"])[1] for row in rows]


async def test_the_end_of_a_session_is_told_once(sessions: SessionService, mongo: Mongo, signed_in: SignedIn) -> None:
    for _ in range(2):
        await sessions.sign_out(None, by=actor_of(signed_in))
    ended = SessionEnded(session_id=signed_in.session_id, user_id=signed_in.user.id)
    assert await events(mongo, signed_in.session_id) == [ended]


async def test_a_stolen_token_ends_the_session_for_all(
    sessions: SessionService, mongo: Mongo, signed_in: SignedIn
) -> None:
    await sessions.refresh(signed_in.refresh_token)
    assert await refuses(sessions, signed_in.refresh_token)
    assert len(await events(mongo, signed_in.session_id)) == 1


async def test_a_user_sees_the_sessions_that_go_on(
    sessions: SessionService, clock: ManualClock, signed_in: SignedIn
) -> None:
    by = actor_of(signed_in)
    clock.advance(timedelta(hours=1))
    other = await sessions.sign_in(EMAIL, PASSWORD, device=" 王伟的手机\t" * 30)
    third = await sessions.sign_in(EMAIL, PASSWORD, device="Firefox")
    await sessions.refresh(signed_in.refresh_token)
    await sessions.sign_out(None, by=actor_of(third))
    newest, oldest = await sessions.mine(by=by)
    assert (newest.id, newest.device, newest.last_used_at) == (other.session_id, None, clock())
    assert (oldest.id, oldest.last_used_at - oldest.created_at) == (signed_in.session_id, timedelta(hours=1))
    clock.advance(timedelta(days=31))
    assert await sessions.mine(by=by) == []


async def test_sessions_are_ended_by_their_user_and_by_who_may_change_the_user(
    sessions: SessionService, users: UserService, signed_in: SignedIn, admin: Actor, seller: Actor
) -> None:
    one, two = [await sessions.sign_in(EMAIL, PASSWORD) for _ in range(2)]
    by = actor_of(signed_in)
    with pytest.raises(SessionNotFound):
        await sessions.revoke(one.session_id, by=seller)
    with pytest.raises(NotFound):
        await sessions.revoke_all(signed_in.user.id, by=seller)
    with pytest.raises(Forbidden):
        await sessions.of_user(signed_in.user.id, by=seller)
    with pytest.raises(SessionNotFound):
        await sessions.revoke("ses_none", by=admin)
    await sessions.revoke(one.session_id, by=by)
    assert await refuses(sessions, one.refresh_token)
    assert [session.id for session in await sessions.of_user(signed_in.user.id, by=admin)] == [
        two.session_id,
        signed_in.session_id,
    ]
    assert await sessions.revoke_all(None, keep_current=True, by=by) == 1
    assert await refuses(sessions, two.refresh_token)
    assert await sessions.revoke_all(signed_in.user.id, by=admin) == 1
    assert await refuses(sessions, signed_in.refresh_token)
    assert await sessions.revoke_all(signed_in.user.id, by=admin) == 0


async def test_deactivating_a_user_ends_the_sessions(
    sessions: SessionService, users: UserService, mongo: Mongo, signed_in: SignedIn, admin: Actor
) -> None:
    other = await sessions.sign_in(EMAIL, PASSWORD)
    await users.deactivate(signed_in.user.id, expected_version=None, by=admin)
    await users.activate(signed_in.user.id, expected_version=None, by=admin)
    assert await refuses(sessions, signed_in.refresh_token, other.refresh_token)
    assert len(await events(mongo, other.session_id)) == 1


async def test_a_sign_in_leaves_a_row_in_the_audit_log(
    sessions: SessionService, mongo: Mongo, signed_in: SignedIn
) -> None:
    row = await mongo.database["audit"].find_one({"record": signed_in.session_id})
    assert row is not None
    assert (row["action"], row["actor"]) == ("identity.session.started", signed_in.user.id)
