"""A database of the interactions service for each test, the service on it, and customers that it has heard of."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
from subgraph_client import SubgraphClient, TestIssuer
from suite_database import empty, keep_what_is_old

from rapport_interactions.app import interaction_service, subject_reader
from rapport_interactions.consumers import HANDLERS
from rapport_interactions.context import Context
from rapport_interactions.interactions.repository import INDEXES, InteractionRepository
from rapport_interactions.interactions.service import InteractionService
from rapport_interactions.schema import build_schema
from rapport_interactions.settings import Settings
from rapport_interactions.work import InteractionsWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.contracts.customers import CustomerState, CustomerUpdated
from rapport_shared.events import Envelope
from rapport_shared.ids import new_event_id
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo, connect
from rapport_shared.persistence import Transactions
from rapport_shared.service import api_app, migrate

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)

Tell = Callable[..., Awaitable[None]]
"""``tell(customer_id, owner_id, version=1, deleted=False)``: hear of a customer's state, as the consumer does."""


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(scope="session")
def settings(mongo_url: str, amqp_url: str, database_prefix: str) -> Settings:
    return Settings(mongo_url=mongo_url, amqp_url=amqp_url, database_prefix=database_prefix)


@pytest.fixture(scope="session")
async def migrated(settings: Settings) -> AsyncIterator[Mongo]:
    mongo = connect(settings.mongo_url, f"{settings.database_prefix}_interactions_suite")
    await migrate(settings, service="interactions", mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    await keep_what_is_old(mongo)
    yield mongo
    await mongo.close()


@pytest.fixture
async def mongo(migrated: Mongo) -> AsyncIterator[Mongo]:
    """The migrated database, emptied after the test; its indexes stay."""
    yield migrated
    await empty(migrated)


@pytest.fixture
def transactions(mongo: Mongo, clock: ManualClock) -> Transactions[InteractionsWork]:
    return Transactions(mongo, partial(InteractionsWork, clock=clock))


@pytest.fixture
def repository(mongo: Mongo) -> InteractionRepository:
    return InteractionRepository(mongo.database)


@pytest.fixture
def service(mongo: Mongo, clock: ManualClock) -> InteractionService:
    return interaction_service(mongo, clock)


@pytest.fixture
def tell(transactions: Transactions[InteractionsWork]) -> Tell:
    async def hear(customer_id: str, owner_id: str | None, *, version: int = 1, deleted: bool = False) -> None:
        state = CustomerState(kind="PERSON", stage="LEAD", owner_id=owner_id, deleted=deleted)
        event = CustomerUpdated(customer_id=customer_id, changed=("owner_id",), before=state, after=state)
        envelope = Envelope(
            id=new_event_id(),
            routing_key=event.routing_key,
            source="/rapport/customers",
            subject=customer_id,
            time=NOW,
            version=version,
            actor="usr_admin",
            correlation_id="c",
        )
        await transactions.run(lambda work: HANDLERS[CustomerUpdated](event, envelope, work))

    return hear


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
def client_with(
    mongo: Mongo, service: InteractionService, settings: Settings, issuer: TestIssuer
) -> Callable[..., SubgraphClient]:
    """The API process's app with other parts than usual, without its background links."""

    def make(mongo: Mongo = mongo, service: InteractionService = service, **parts: Any) -> SubgraphClient:
        feed = ChangeFeed("interactions")
        app = api_app(
            settings,
            service="interactions",
            mongo=mongo,
            schema=build_schema(),
            feed=feed,
            make_context=lambda caller: Context(
                caller=caller, interactions=service, subject_reader=subject_reader(mongo), feed=feed
            ),
            **{"directory": Directory(mongo.database), "fetch_keys": issuer.key_set, **parts},
        )
        return SubgraphClient(app, issuer)

    return make


@pytest.fixture
def client(client_with: Callable[..., SubgraphClient]) -> SubgraphClient:
    """The API process's app on the suite's database."""
    return client_with()
