"""Signing keys, and the tokens that they sign as other services verify them."""

import asyncio
import time
from argparse import Namespace
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from rapport_identity.app import key_service, prepare, rotate_keys
from rapport_identity.keys.model import GRACE, LEAD, SigningKey
from rapport_identity.keys.repository import INDEXES, SigningKeyRepository
from rapport_identity.keys.routes import own_keys
from rapport_identity.keys.service import KeyService, NoSigningKey
from rapport_identity.sessions.access_tokens import LIFETIME, AccessTokens
from rapport_identity.settings import Settings
from rapport_identity.users.model import User
from rapport_identity.work import SERVICE
from rapport_shared.clock import ManualClock, system_clock
from rapport_shared.errors import ServiceUnavailable, Unauthenticated
from rapport_shared.http.tokens import LEEWAY_SECONDS, KeySet, TokenVerifier
from rapport_shared.mongo import DatabaseError, Mongo, create_indexes
from rapport_shared.service import connect_database

ADMIN = {"admin_email": "root@example.com", "admin_password": "correct horse"}


@pytest.fixture
async def empty(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Mongo]:
    """A database in which nothing has been prepared."""
    fresh = settings.model_copy(update={"database_prefix": f"{settings.database_prefix}_empty"})
    mongo = connect_database(fresh, SERVICE)
    yield mongo
    await mongo.client.drop_database(mongo.database.name)
    await mongo.close()


@pytest.fixture
def fresh_settings(settings: Settings, empty: Mongo) -> Settings:
    values = settings.model_dump() | ADMIN | {"database_prefix": empty.database.name.removesuffix("_identity")}
    return Settings(**values)


def someone(clock: ManualClock) -> User:
    details = {"email": "a@example.com", "name": "李伟", "role": "SUPPORT"}
    return User.create("usr_1", details, password_hash=None, now=clock())


def verifier(keys: KeyService, **given: str) -> TokenVerifier:
    return TokenVerifier(KeySet(keys.public_keys), **{"issuer": "rapport", "audience": "rapport", **given})


async def test_an_access_token_says_exactly_who_calls(mongo: Mongo, clock: ManualClock) -> None:
    keys, user = key_service(mongo, clock), someone(clock)
    key = await keys.current()
    token, ends = AccessTokens(issuer="rapport", audience="rapport").issue(user, "ses_1", key, now=clock())
    actor = await verifier(keys).actor(f"Bearer {token}")
    assert actor is not None
    assert (actor.id, actor.role, actor.session_id) == ("usr_1", "SUPPORT", "ses_1")
    assert jwt.get_unverified_header(token) == {"typ": "at+jwt", "alg": "ES256", "kid": key.id}
    claims = jwt.decode(token, options={"verify_signature": False})
    assert set(claims) == {"iss", "aud", "sub", "role", "scope", "sid", "via", "iat", "exp", "jti"}
    assert claims["exp"] - claims["iat"] == 600
    assert claims["exp"] == ends.timestamp()


@pytest.mark.parametrize("given", [{"issuer": "other"}, {"audience": "other"}])
async def test_a_token_is_for_its_own_system(mongo: Mongo, clock: ManualClock, given: dict[str, str]) -> None:
    keys = key_service(mongo, clock)
    tokens = AccessTokens(issuer="rapport", audience="rapport")
    token, _ = tokens.issue(someone(clock), "ses_1", await keys.current(), now=clock())
    with pytest.raises(Unauthenticated):
        await verifier(keys, **given).actor(f"Bearer {token}")


async def test_a_token_ends_after_ten_minutes(mongo: Mongo, clock: ManualClock) -> None:
    keys = key_service(mongo, clock)
    tokens, issued_at = AccessTokens(issuer="rapport", audience="rapport"), clock() - timedelta(minutes=11)
    token, _ = tokens.issue(someone(clock), "ses_1", await keys.current(), now=issued_at)
    with pytest.raises(Unauthenticated):
        await verifier(keys).actor(f"Bearer {token}")


async def test_the_next_key_is_known_before_it_signs_and_the_last_one_until_its_tokens_are_gone(
    empty: Mongo, clock: ManualClock
) -> None:
    keys = key_service(empty, clock)
    await keys.ensure()
    old = await keys.current()
    new = await keys.rotate()
    assert await published(keys) == [new.id, old.id]
    clock.advance(LEAD - timedelta(milliseconds=1))
    assert (await keys.current()).id == old.id
    clock.advance(timedelta(milliseconds=1))
    assert (await keys.current()).id == new.id
    clock.advance(LIFETIME + timedelta(seconds=LEEWAY_SECONDS))
    assert await published(keys) == [new.id, old.id]
    clock.advance(GRACE - LIFETIME)
    assert await published(keys) == [new.id]


async def test_a_key_in_wrong_hands_is_replaced_at_once_and_the_next_one_with_it(
    empty: Mongo, clock: ManualClock
) -> None:
    keys = key_service(empty, clock)
    await keys.ensure()
    await keys.rotate()
    new = await keys.rotate(at_once=True)
    assert (await keys.current()).id == new.id
    assert await published(keys) == [new.id]


async def test_keys_follow_each_other_by_age(empty: Mongo, clock: ManualClock, fresh_settings: Settings) -> None:
    await create_indexes(empty.database, INDEXES)
    keys = key_service(empty, clock, fresh_settings)
    await keys.ensure()
    first = await keys.current()
    clock.advance(timedelta(days=30) - timedelta(milliseconds=1))
    await keys.current()
    assert await published(keys) == [first.id]
    clock.advance(timedelta(milliseconds=1))
    used = await asyncio.gather(*(key_service(empty, clock, fresh_settings).current() for _ in range(5)))
    assert {key.id for key in used} == {first.id}
    assert len(await published(keys)) == 2
    clock.advance(LEAD)
    second = await keys.current()
    assert second.id != first.id
    clock.advance(timedelta(days=400))
    await keys.current()
    assert await empty.database["signing_keys"].count_documents({}) == 2


async def published(keys: KeyService) -> list[str]:
    return [key["kid"] for key in (await keys.public_keys())["keys"]]


class Verifiers:
    """Verifiers elsewhere, with clocks that go as the test says."""

    def __init__(self, keys: KeyService) -> None:
        self.keys, self.seconds, self.away, self.asked = keys, 0.0, False, 0
        key_set = KeySet(self.fetch, monotonic=lambda: self.seconds, now=lambda: time.time() + self.seconds)
        self.verifier = TokenVerifier(key_set, issuer="rapport", audience="rapport")

    async def fetch(self) -> dict[str, Any]:
        self.asked += 1
        if self.away:
            raise ConnectionError
        return await self.keys.public_keys()

    async def accept(self, token: str) -> bool:
        try:
            return await self.verifier.actor(f"Bearer {token}") is not None
        except (Unauthenticated, ServiceUnavailable):
            return False


async def test_an_ended_key_is_refused_everywhere_within_a_minute(empty: Mongo, clock: ManualClock) -> None:
    keys = key_service(empty, clock)
    await keys.ensure()
    tokens, elsewhere = AccessTokens(issuer="rapport", audience="rapport"), Verifiers(keys)
    old, _ = tokens.issue(someone(clock), "ses_1", await keys.current(), now=clock())
    assert await elsewhere.accept(old)
    await keys.rotate(at_once=True)
    new, _ = tokens.issue(someone(clock), "ses_1", await keys.current(), now=clock())
    elsewhere.seconds = 6
    assert await elsewhere.accept(new)
    assert not await elsewhere.accept(old)
    unaware = Verifiers(keys)
    unaware.away = True
    assert not await unaware.accept(new)
    unaware.away, unaware.seconds = False, 6
    assert await unaware.accept(new)


async def test_who_never_asks_for_the_new_key_learns_of_the_old_ones_end_within_a_minute(
    empty: Mongo, clock: ManualClock
) -> None:
    keys = key_service(empty, clock)
    await keys.ensure()
    old, _ = AccessTokens(issuer="rapport", audience="rapport").issue(
        someone(clock), "ses_1", await keys.current(), now=clock()
    )
    elsewhere = Verifiers(keys)
    assert await elsewhere.accept(old)
    await keys.rotate(at_once=True)
    for second in range(1, 61):
        elsewhere.seconds = second
        accepted = await elsewhere.accept(old)
    assert not accepted
    assert elsewhere.asked <= 1 + 60 / KeySet.RETRY_SECONDS


async def test_the_end_of_a_key_holds_with_identity_away(empty: Mongo, clock: ManualClock) -> None:
    keys = key_service(empty, clock)
    await keys.ensure()
    await keys.rotate()
    elsewhere = Verifiers(keys)
    key = await keys.current()
    token, _ = AccessTokens(issuer="rapport", audience="rapport").issue(someone(clock), "ses_1", key, now=clock())
    assert await elsewhere.accept(token)
    elsewhere.away, elsewhere.seconds = True, (LEAD + GRACE).total_seconds() - 5
    assert await elsewhere.accept(token)
    elsewhere.seconds += 10
    assert not await elsewhere.accept(token)


async def test_who_comes_while_the_keys_are_fetched_waits_for_them(mongo: Mongo, clock: ManualClock) -> None:
    keys, arrived = key_service(mongo, clock), asyncio.Event()
    token, _ = AccessTokens(issuer="rapport", audience="rapport").issue(
        someone(clock), "ses_1", await keys.current(), now=clock()
    )
    elsewhere = Verifiers(keys)
    fetch = elsewhere.fetch

    async def slow() -> dict[str, Any]:
        await arrived.wait()
        return await fetch()

    elsewhere.verifier = TokenVerifier(KeySet(slow), issuer="rapport", audience="rapport")
    waiting = [asyncio.create_task(elsewhere.accept(token)) for _ in range(5)]
    await asyncio.sleep(0)
    arrived.set()
    assert await asyncio.gather(*waiting) == [True] * 5
    assert elsewhere.asked == 1


async def test_an_issuer_that_hangs_holds_up_one_request_at_a_time(mongo: Mongo, clock: ManualClock) -> None:
    keys, hanging, seconds = key_service(mongo, clock), asyncio.Event(), 0.0
    token, _ = AccessTokens(issuer="rapport", audience="rapport").issue(
        someone(clock), "ses_1", await keys.current(), now=clock()
    )

    async def fetch() -> dict[str, Any]:
        if seconds:
            await hanging.wait()
            raise TimeoutError
        return await keys.public_keys()

    verifier = TokenVerifier(KeySet(fetch, monotonic=lambda: seconds), issuer="rapport", audience="rapport")
    await verifier.actor(f"Bearer {token}")
    seconds = KeySet.REFRESH_SECONDS + 1
    first = asyncio.create_task(verifier.actor(f"Bearer {token}"))
    await asyncio.sleep(0)
    for _ in range(3):
        assert await verifier.actor(f"Bearer {token}") is not None
    assert not first.done()
    hanging.set()
    assert await first is not None


async def test_the_command_makes_another_key(
    fresh_settings: Settings, empty: Mongo, capsys: pytest.CaptureFixture[str]
) -> None:
    await prepare(fresh_settings)
    keys = key_service(empty)
    old = await keys.current()
    await rotate_keys(fresh_settings, Namespace(now=False))
    assert (await keys.current()).id == old.id
    await rotate_keys(fresh_settings, Namespace(now=True))
    new = await keys.current()
    assert f"{new.id} signs from {new.signs_from.isoformat()}" in capsys.readouterr().out
    assert await published(keys) == [new.id]


async def test_only_public_halves_are_published(mongo: Mongo, own_key: SigningKey) -> None:
    published = (await key_service(mongo).public_keys())["keys"]
    mine = next(key for key in published if key["kid"] == own_key.id)
    assert set(mine) == {"kty", "crv", "x", "y", "kid", "alg", "use", "exp"}
    assert all("d" not in key for key in published)
    assert own_key.jwk["d"] not in repr(own_key)


async def test_without_a_key_nothing_is_signed(empty: Mongo) -> None:
    with pytest.raises(NoSigningKey):
        await key_service(empty).current()


async def test_an_unreachable_database_is_a_failed_fetch_to_the_verifier() -> None:
    class Unreachable(SigningKeyRepository):
        def __init__(self) -> None:
            pass

        async def newest_first(self) -> list[SigningKey]:
            raise DatabaseError("no server")

    with pytest.raises(ConnectionError):
        await own_keys(KeyService(Unreachable(), system_clock))()


async def test_preparing_twice_makes_one_key_and_one_administrator(fresh_settings: Settings, empty: Mongo) -> None:
    await prepare(fresh_settings)
    await prepare(fresh_settings)
    assert await empty.database["signing_keys"].count_documents({}) == 1
    [admin] = await empty.database["users"].find({}).to_list(None)
    assert (admin["email"], admin["role"], admin["name"]) == ("root@example.com", "ADMIN", "Administrator")
    assert await empty.database["outbox"].count_documents({"routing_key": "identity.user.created.v1"}) == 1


async def test_a_weak_first_password_is_named_and_nobody_is_made(fresh_settings: Settings, empty: Mongo) -> None:
    weak = Settings(**fresh_settings.model_dump() | {"admin_password": "short"})
    with pytest.raises(SystemExit, match="WEAK_PASSWORD"):
        await prepare(weak)
    assert await empty.database["users"].count_documents({}) == 0


@pytest.mark.parametrize("given", [{"admin_email": "a@example.com"}, {"argon2_time_cost": 0}, {"port": "x"}])
def test_settings_that_cannot_work_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Settings(**given)
