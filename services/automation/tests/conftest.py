"""A database of the automation service, the service on it, and a server that webhooks can call."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from ipaddress import ip_network
from typing import Any

import pytest
from access_rows import user_row
from hook_server import Hook, serving
from subgraph_client import SubgraphClient, TestIssuer
from suite_database import empty

from rapport_automation.app import INDEXES, context_maker, dispatcher
from rapport_automation.consumers import HANDLERS, on_event
from rapport_automation.deliveries.dispatcher import Dispatcher
from rapport_automation.deliveries.sender import Sender, Targets
from rapport_automation.schema import build_schema
from rapport_automation.settings import Settings
from rapport_automation.work import AutomationWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.events import Envelope, Event
from rapport_shared.ids import new_event_id
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo, connect
from rapport_shared.persistence import Transactions
from rapport_shared.service import api_app, migrate

# The database removes finished deliveries some time after they have expired, by its own clock: what a test finishes
# must not look old to it.
NOW = datetime.now(UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(scope="session")
def settings(mongo_url: str, amqp_url: str, database_prefix: str) -> Settings:
    return Settings(mongo_url=mongo_url, amqp_url=amqp_url, database_prefix=database_prefix)


@pytest.fixture(scope="session")
async def migrated(settings: Settings) -> AsyncIterator[Mongo]:
    mongo = connect(settings.mongo_url, f"{settings.database_prefix}_automation_suite")
    await migrate(settings, service="automation", mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    yield mongo
    await mongo.close()


@pytest.fixture
async def mongo(migrated: Mongo, admin: Actor, integrator: Actor) -> AsyncIterator[Mongo]:
    """The migrated database with two known users, emptied after the test; its indexes stay."""
    await migrated.database["access"].insert_many([user_row(user.id, user.role) for user in (admin, integrator)])
    yield migrated
    await empty(migrated)


@pytest.fixture(scope="session")
def admin() -> Actor:
    return Actor("usr_admin", "ADMIN", "ses_1")


@pytest.fixture(scope="session")
def integrator() -> Actor:
    return Actor("usr_program", "INTEGRATOR", "ses_2")


@pytest.fixture
def client(mongo: Mongo, clock: ManualClock, settings: Settings) -> SubgraphClient:
    """The API process's app on the suite's database, without its background links."""
    issuer = TestIssuer()
    app = api_app(
        settings,
        service="automation",
        mongo=mongo,
        schema=build_schema(),
        feed=ChangeFeed("automation"),
        make_context=context_maker(mongo, clock),
        directory=Directory(mongo.database),
        fetch_keys=issuer.key_set,
    )
    return SubgraphClient(app, issuer)


@pytest.fixture
async def hook() -> AsyncIterator[Hook]:
    async with serving() as told:
        yield told


@pytest.fixture
async def sender() -> AsyncIterator[Sender]:
    made = Sender(Targets([ip_network("127.0.0.0/8")]))
    yield made
    await made.close()


@pytest.fixture
def dispatch(mongo: Mongo, clock: ManualClock, sender: Sender) -> Callable[[], Awaitable[None]]:
    """Have the dispatcher try what is due, until nothing is."""
    directory = Directory(mongo.database)
    works: Dispatcher = dispatcher(mongo, directory, sender, clock)

    async def run() -> None:
        await directory.refresh()
        before = -1
        while before != (before := await mongo.database["deliveries"].count_documents({"status": "PENDING"})):
            async with asyncio.TaskGroup() as tasks:
                await works.start_due(tasks)

    return run


@pytest.fixture
def happens(mongo: Mongo, clock: ManualClock) -> Callable[..., Awaitable[str]]:
    """Have the service hear of an event; its id."""
    transactions = Transactions(mongo, partial(AutomationWork, clock=clock))

    async def hear(event: Event, version: int = 1) -> str:
        envelope = Envelope(
            id=new_event_id(),
            routing_key=event.routing_key,
            source="/rapport/test",
            subject=event.subject,
            time=clock(),
            version=version,
            actor="usr_admin",
            correlation_id="c0ffee",
        )

        async def handle(work: AutomationWork) -> Any:
            await on_event(event, envelope, work)

        await transactions.run(handle)
        return envelope.id

    return hear
