"""Signing in, and what stops those who guess."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from rapport_identity.app import session_service
from rapport_identity.sessions.attempts import LIMIT, WINDOW
from rapport_identity.sessions.errors import InvalidCredentials
from rapport_identity.sessions.service import SessionService
from rapport_identity.settings import Settings
from rapport_identity.users.model import User
from rapport_identity.users.service import UserService
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.errors import UserFault
from rapport_shared.mongo import Mongo

EMAIL, PASSWORD = "li.wei@example.com", "correct horse"


@pytest.fixture
async def user(users: UserService, admin: Actor) -> User:
    return await users.create({"email": EMAIL, "name": "李伟", "role": "SALES"}, password=PASSWORD, by=admin)


async def guess(sessions: SessionService, password: str = "wrong horse", email: str = EMAIL) -> str:
    try:
        await sessions.sign_in(email, password)
    except UserFault as fault:
        return fault.code
    return "OK"


async def deactivate(mongo: Mongo, user: User) -> None:
    await mongo.database["users"].update_one({"_id": user.id}, {"$set": {"active": False}})


async def test_a_user_signs_in_in_any_case_of_the_address(sessions: SessionService, user: User) -> None:
    first = await sessions.sign_in(EMAIL, PASSWORD)
    second = await sessions.sign_in(" LI.WEI@Example.com ", PASSWORD)
    assert first.user == second.user == user
    assert first.session_id != second.session_id
    assert first.refresh_token != second.refresh_token


@pytest.mark.parametrize("case", ["wrong", "unknown", "no password", "inactive", "no address", "empty"])
async def test_every_refusal_looks_the_same_and_costs_one_check(
    sessions: SessionService, users: UserService, passwords: Any, mongo: Mongo, user: User, admin: Actor, case: str
) -> None:
    email, password = EMAIL, PASSWORD
    match case:
        case "wrong":
            password = "Correct horse"
        case "unknown":
            email = "somebody@example.com"
        case "no address":
            email = "li wei"
        case "empty":
            password = ""
        case "inactive":
            await deactivate(mongo, user)
        case "no password":
            email = "new@example.com"
            await users.create({"email": email, "name": "x", "role": "SALES"}, password=None, by=admin)
    checks = passwords.checks
    with pytest.raises(InvalidCredentials) as refused:
        await sessions.sign_in(email, password)
    assert (refused.value.message, refused.value.path) == ("The mail address or the password is wrong.", ("input",))
    assert passwords.checks == checks + 1
    assert await mongo.database["sessions"].count_documents({}) == 0


@pytest.mark.parametrize("email", [EMAIL, "nobody@example.com"])
async def test_after_five_failures_no_password_is_looked_at_until_the_window_passes(
    sessions: SessionService, passwords: Any, clock: ManualClock, user: User, email: str
) -> None:
    for _ in range(LIMIT):
        assert await guess(sessions, email=email) == "INVALID_CREDENTIALS"
        clock.advance(timedelta(minutes=1))
    checks = passwords.checks
    assert await guess(sessions, PASSWORD, email) == "TOO_MANY_ATTEMPTS"
    assert await guess(sessions, PASSWORD, email.upper()) == "TOO_MANY_ATTEMPTS"
    assert passwords.checks == checks
    clock.advance(WINDOW - timedelta(minutes=LIMIT) - timedelta(milliseconds=1))
    assert await guess(sessions, PASSWORD, email) == "TOO_MANY_ATTEMPTS"
    clock.advance(timedelta(milliseconds=1))
    assert await guess(sessions, PASSWORD, email) == ("OK" if email == EMAIL else "INVALID_CREDENTIALS")


async def test_other_accounts_are_not_stopped(sessions: SessionService, user: User) -> None:
    for _ in range(LIMIT + 1):
        await guess(sessions, email="nobody@example.com")
    assert await guess(sessions, PASSWORD) == "OK"


async def test_a_success_forgets_the_failures(sessions: SessionService, user: User) -> None:
    for _ in range(3):
        assert [await guess(sessions) for _ in range(LIMIT - 1)] == ["INVALID_CREDENTIALS"] * (LIMIT - 1)
        assert await guess(sessions, PASSWORD) == "OK"


async def test_many_guesses_at_once_get_five_looks_even_at_two_processes(
    settings: Settings, sessions: SessionService, passwords: Any, mongo: Mongo, clock: ManualClock, user: User
) -> None:
    replica = session_service(settings, mongo, passwords, clock)
    checks = passwords.checks
    outcomes = await asyncio.gather(*(guess(service) for service in (sessions, replica) for _ in range(15)))
    assert sorted(outcomes) == ["INVALID_CREDENTIALS"] * LIMIT + ["TOO_MANY_ATTEMPTS"] * (30 - LIMIT)
    assert passwords.checks == checks + LIMIT


async def test_many_right_passwords_at_once_are_all_right(sessions: SessionService, user: User) -> None:
    assert await asyncio.gather(*(guess(sessions, PASSWORD) for _ in range(LIMIT * 2))) == ["OK"] * LIMIT * 2


async def test_the_counter_holds_no_mail_address(sessions: SessionService, mongo: Mongo, user: User) -> None:
    await guess(sessions)
    [counted] = await mongo.database["sign_in_attempts"].find({}).to_list(None)
    assert EMAIL not in str(counted)


async def from_address(sessions: SessionService, address: str | None, email: str = "nobody@example.com") -> str:
    try:
        await sessions.sign_in(email, PASSWORD, address=address)
    except UserFault as fault:
        return fault.code
    return "OK"


async def test_twenty_sign_ins_a_minute_from_one_address_whatever_the_accounts(
    sessions: SessionService, passwords: Any, clock: ManualClock, user: User
) -> None:
    checks = passwords.checks
    outcomes = [await from_address(sessions, "203.0.113.7", f"{number}@example.com") for number in range(25)]
    assert outcomes == ["INVALID_CREDENTIALS"] * 20 + ["TOO_MANY_ATTEMPTS"] * 5
    assert passwords.checks == checks + 20
    assert await from_address(sessions, "203.0.113.7", EMAIL) == "TOO_MANY_ATTEMPTS"
    assert await from_address(sessions, "203.0.113.8", EMAIL) == "OK"
    assert await from_address(sessions, None, EMAIL) == "OK"
    clock.advance(timedelta(seconds=61))
    assert await from_address(sessions, "203.0.113.7", EMAIL) == "OK"


async def test_many_at_once_from_one_address_even_at_two_processes(
    settings: Settings, sessions: SessionService, passwords: Any, mongo: Mongo, clock: ManualClock
) -> None:
    replica = session_service(settings, mongo, passwords, clock)
    asked = (
        from_address(service, "203.0.113.7", f"{number}@example.com")
        for service in (sessions, replica)
        for number in range(15)
    )
    assert sorted(await asyncio.gather(*asked)) == ["INVALID_CREDENTIALS"] * 20 + ["TOO_MANY_ATTEMPTS"] * 10


async def test_the_limit_of_an_address_is_a_setting(
    settings: Settings, passwords: Any, mongo: Mongo, clock: ManualClock, user: User
) -> None:
    for limit, expected in ((0, ["OK"] * 3), (1, ["OK", "TOO_MANY_ATTEMPTS", "TOO_MANY_ATTEMPTS"])):
        limited = settings.model_copy(update={"sign_ins_per_minute": limit})
        sessions = session_service(limited, mongo, passwords, clock)
        assert [await from_address(sessions, f"203.0.113.{limit}", EMAIL) for _ in range(3)] == expected


async def test_no_address_is_kept_in_the_clear(sessions: SessionService, mongo: Mongo) -> None:
    await from_address(sessions, "203.0.113.7")
    [counted] = await mongo.database["sign_in_addresses"].find({}).to_list(None)
    assert "203.0" not in str(counted)
