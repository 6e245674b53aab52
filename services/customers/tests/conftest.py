"""A database of the customers service for each test module, and the service on it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial

import pytest
from subgraph_client import SubgraphClient, TestIssuer
from suite_database import empty, keep_what_is_old

from rapport_customers.app import INDEXES, context_maker, customer_service
from rapport_customers.consumers import HANDLERS
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.customers.service import CustomerService
from rapport_customers.schema import build_schema
from rapport_customers.settings import Settings
from rapport_customers.subjects.suppression import Digests
from rapport_customers.work import CustomersWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo, connect
from rapport_shared.persistence import Transactions
from rapport_shared.service import api_app, migrate

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(scope="session")
def settings(mongo_url: str, amqp_url: str, database_prefix: str) -> Settings:
    return Settings(mongo_url=mongo_url, amqp_url=amqp_url, database_prefix=database_prefix)


@pytest.fixture(scope="session")
async def migrated(settings: Settings) -> AsyncIterator[Mongo]:
    mongo = connect(settings.mongo_url, f"{settings.database_prefix}_customers_suite")
    await migrate(settings, service="customers", mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    await keep_what_is_old(mongo)
    yield mongo
    await mongo.close()


@pytest.fixture
async def mongo(migrated: Mongo) -> AsyncIterator[Mongo]:
    """The migrated database, emptied after the test; its indexes stay."""
    yield migrated
    await empty(migrated)


@pytest.fixture
def transactions(mongo: Mongo, clock: ManualClock) -> Transactions[CustomersWork]:
    return Transactions(mongo, partial(CustomersWork, clock=clock))


@pytest.fixture
def repository(mongo: Mongo) -> CustomerRepository:
    return CustomerRepository(mongo.database)


@pytest.fixture
def service(mongo: Mongo, clock: ManualClock) -> CustomerService:
    return customer_service(mongo, clock)


@pytest.fixture
def admin() -> Actor:
    return Actor("usr_admin", "ADMIN", "ses_1")


@pytest.fixture
def seller() -> Actor:
    return Actor("usr_seller", "SALES", "ses_2")


@pytest.fixture
def support() -> Actor:
    return Actor("usr_support", "SUPPORT", "ses_3")


@pytest.fixture(scope="session")
def issuer() -> TestIssuer:
    return TestIssuer()


@pytest.fixture
def directory(mongo: Mongo) -> Directory:
    """Who acts, as the API process knows it."""
    return Directory(mongo.database)


@pytest.fixture
def client(
    mongo: Mongo, clock: ManualClock, settings: Settings, issuer: TestIssuer, directory: Directory
) -> SubgraphClient:
    """The API process's app on the suite's database, without its background links."""
    feed = ChangeFeed("customers")
    app = api_app(
        settings,
        service="customers",
        mongo=mongo,
        schema=build_schema(),
        feed=feed,
        make_context=context_maker(mongo, feed, clock, directory.policy, digests=Digests("k" * 32)),
        directory=directory,
        fetch_keys=issuer.key_set,
        clock=clock,
    )
    return SubgraphClient(app, issuer)
