"""Signing keys, and the tokens that they sign as other services verify them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import jwt
import pytest
from pydantic import ValidationError

from rapport_identity.app import key_service, prepare
from rapport_identity.keys.model import SigningKey
from rapport_identity.keys.repository import SigningKeyRepository
from rapport_identity.keys.routes import own_keys
from rapport_identity.keys.service import KeyService, NoSigningKey
from rapport_identity.sessions.access_tokens import AccessTokens
from rapport_identity.settings import Settings
from rapport_identity.users.model import User
from rapport_identity.work import SERVICE
from rapport_shared.clock import ManualClock, system_clock
from rapport_shared.errors import Unauthenticated
from rapport_shared.http.tokens import KeySet, TokenVerifier
from rapport_shared.mongo import DatabaseError, Mongo
from rapport_shared.service import connect_database

ADMIN = {"admin_email": "root@example.com", "admin_password": "correct horse"}


@pytest.fixture
async def empty(settings: Settings, request: pytest.FixtureRequest) -> AsyncIterator[Mongo]:
    """A database in which nothing has been prepared."""
    fresh = settings.model_copy(update={"database_prefix": f"{settings.database_prefix}_empty"})
    mongo = connect_database(fresh, SERVICE)
    yield mongo
    await mongo.client.drop_database(mongo.database.name)
    mongo.close()


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
    assert set(claims) == {"iss", "aud", "sub", "role", "sid", "iat", "exp", "jti"}
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


async def test_the_newest_of_two_keys_signs_and_both_verify(empty: Mongo, clock: ManualClock) -> None:
    repository, keys = SigningKeyRepository(empty.database), key_service(empty, clock)
    old, new = (SigningKey.generate(f"key_{number}", now=clock()) for number in (1, 2))
    await repository.add(old)
    assert await keys.current() == old
    await repository.add(new)
    assert await keys.current() == new
    tokens = AccessTokens(issuer="rapport", audience="rapport")
    for key in (old, new):
        token, _ = tokens.issue(someone(clock), "ses_1", key, now=clock())
        assert await verifier(keys).actor(f"Bearer {token}") is not None


async def test_only_public_halves_are_published(mongo: Mongo, own_key: SigningKey) -> None:
    published = (await key_service(mongo).public_keys())["keys"]
    mine = next(key for key in published if key["kid"] == own_key.id)
    assert set(mine) == {"kty", "crv", "x", "y", "kid", "alg", "use"}
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
