"""The identity service on a database of this test run, prepared by its own migrations."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest
from jwt.algorithms import ECAlgorithm
from subgraph_client import KEY_ID, SubgraphClient, TestIssuer

from rapport_identity.api_keys.service import ApiKeyService
from rapport_identity.app import (
    api,
    api_key_service,
    credential_service,
    key_service,
    prepare,
    role_service,
    session_service,
    team_service,
    user_service,
)
from rapport_identity.credentials.service import CredentialService
from rapport_identity.keys.model import SigningKey
from rapport_identity.keys.repository import COLLECTION as KEYS
from rapport_identity.roles.repository import COLLECTION as ROLES
from rapport_identity.roles.service import RoleService
from rapport_identity.sessions.service import SessionService
from rapport_identity.settings import Settings
from rapport_identity.teams.service import TeamService
from rapport_identity.users.passwords import Passwords
from rapport_identity.users.repository import UserRepository
from rapport_identity.users.service import UserService
from rapport_identity.work import SERVICE, IdentityWork
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock, system_clock
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.service import connect_database

SOME_DAY = datetime(2099, 1, 1, tzinfo=UTC)


class CountingPasswords(Passwords):
    """Counts how many passwords were really looked at."""

    checks = 0

    def _matches(self, password_hash: str, password: str) -> bool:
        self.checks += 1
        return super()._matches(password_hash, password)


def settings_of(mongo_url: str, amqp_url: str, prefix: str, **given: object) -> Settings:
    """Settings with the cheapest password hashes."""
    return Settings(
        mongo_url=mongo_url,
        amqp_url=amqp_url,
        database_prefix=prefix,
        argon2_memory_kib=64,
        argon2_time_cost=1,
        argon2_parallelism=1,
        **given,
    )


@pytest.fixture(scope="session")
def settings(mongo_url: str, amqp_url: str, database_prefix: str) -> Settings:
    return settings_of(mongo_url, amqp_url, f"{database_prefix}_suite")


@pytest.fixture(scope="session")
def issuer() -> TestIssuer:
    return TestIssuer()


@pytest.fixture(scope="session")
async def migrated(settings: Settings, issuer: TestIssuer) -> AsyncIterator[Mongo]:
    """The migrated database; besides its own signing key it has the tests' one, published to sign some day."""
    await prepare(settings)
    mongo = connect_database(settings, SERVICE)
    jwk = {**ECAlgorithm.to_jwk(issuer.key, as_dict=True), "kid": KEY_ID, "alg": "ES256", "use": "sig"}
    await mongo.database[KEYS].insert_one({"_id": KEY_ID, "jwk": jwk, "created_at": SOME_DAY, "signs_from": SOME_DAY})
    await empty(mongo)
    yield mongo
    await mongo.close()


async def empty(mongo: Mongo) -> None:
    """Delete all but signing keys, and roles that no test has touched; indexes stay."""
    for name in await mongo.database.list_collection_names():
        kept = {"builtin": True, "version": 1} if name == ROLES else None
        if name != KEYS:
            await mongo.database[name].delete_many({} if kept is None else {"$nor": [kept]})


@pytest.fixture
async def mongo(migrated: Mongo) -> AsyncIterator[Mongo]:
    """The migrated database, emptied after the test."""
    yield migrated
    await empty(migrated)


@pytest.fixture
def clock() -> ManualClock:
    """Starts at the real time: tokens are verified by the real clock, and MongoDB expires documents by its own."""
    return ManualClock(system_clock())


@pytest.fixture(scope="session")
def passwords() -> CountingPasswords:
    return CountingPasswords(memory_kib=64, time_cost=1, parallelism=1)


@pytest.fixture
def transactions(mongo: Mongo, clock: ManualClock) -> Transactions[IdentityWork]:
    return Transactions(mongo, partial(IdentityWork, clock=clock))


@pytest.fixture
def repository(mongo: Mongo) -> UserRepository:
    return UserRepository(mongo.database)


@pytest.fixture
def users(mongo: Mongo, passwords: Passwords, clock: ManualClock) -> UserService:
    return user_service(mongo, passwords, clock)


@pytest.fixture
def teams(mongo: Mongo, clock: ManualClock) -> TeamService:
    return team_service(mongo, clock)


@pytest.fixture
async def roles(mongo: Mongo, clock: ManualClock) -> AsyncIterator[RoleService]:
    """With the default roles as they were, before the test and after it."""
    service = role_service(mongo, clock)
    yield service
    await empty(mongo)
    await service.seed()


@pytest.fixture
def sessions(settings: Settings, mongo: Mongo, passwords: Passwords, clock: ManualClock) -> SessionService:
    return session_service(settings, mongo, passwords, clock)


@pytest.fixture
def credentials(
    mongo: Mongo, passwords: Passwords, users: UserService, sessions: SessionService, clock: ManualClock
) -> CredentialService:
    return credential_service(mongo, passwords, users, sessions, clock)


@pytest.fixture
def api_keys(settings: Settings, mongo: Mongo, clock: ManualClock) -> ApiKeyService:
    return api_key_service(settings, mongo, clock)


@pytest.fixture
async def own_key(mongo: Mongo) -> SigningKey:
    """The key that signs."""
    return await key_service(mongo).current()


@pytest.fixture
def client(mongo: Mongo, settings: Settings, issuer: TestIssuer, clock: ManualClock) -> SubgraphClient:
    """The API process as it is put together, without its background links."""
    return SubgraphClient(api(settings, clock), issuer)


@pytest.fixture
def admin() -> Actor:
    return Actor("usr_admin", "ADMIN", "ses_1")


@pytest.fixture
def seller() -> Actor:
    return Actor("usr_seller", "SALES", "ses_2")


@pytest.fixture
def stranger() -> Actor:
    """Has a role that the policy does not know."""
    return Actor("usr_stranger", "GUEST", "ses_3")
