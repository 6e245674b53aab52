"""A database of the tasks service for each test module's tests, the service on it, and signed-in GraphQL callers."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import aiohttp
import pytest
import uvicorn
from access_rows import user_row
from starlette.types import ASGIApp
from subgraph_client import SubgraphClient, TestIssuer
from suite_database import empty, keep_what_is_old

from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import ManualClock
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.service import api_app, connect_database
from rapport_tasks.app import prepare, subject_reader, task_service
from rapport_tasks.context import Context
from rapport_tasks.schema import build_schema
from rapport_tasks.settings import Settings
from rapport_tasks.tasks.repository import TaskRepository
from rapport_tasks.tasks.service import TaskService
from rapport_tasks.work import SERVICE, TasksWork

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
Ask = Callable[..., Awaitable[dict[str, Any]]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture(scope="session")
def settings(mongo_url: str, amqp_url: str, database_prefix: str) -> Settings:
    return Settings(mongo_url=mongo_url, amqp_url=amqp_url, database_prefix=f"{database_prefix}_suite")


@pytest.fixture(scope="session")
async def migrated(settings: Settings) -> AsyncIterator[Mongo]:
    await prepare(settings)
    mongo = connect_database(settings, SERVICE)
    await keep_what_is_old(mongo)
    yield mongo
    await mongo.close()


@pytest.fixture
async def mongo(migrated: Mongo) -> AsyncIterator[Mongo]:
    """The migrated database, emptied after the test; its indexes stay."""
    yield migrated
    await empty(migrated)


@pytest.fixture
def transactions(mongo: Mongo, clock: ManualClock) -> Transactions[TasksWork]:
    return Transactions(mongo, partial(TasksWork, clock=clock))


@pytest.fixture
def repository(mongo: Mongo) -> TaskRepository:
    return TaskRepository(mongo.database)


@pytest.fixture
def service(mongo: Mongo, clock: ManualClock) -> TaskService:
    return task_service(mongo, clock)


@pytest.fixture
def admin() -> Actor:
    return Actor("usr_admin", "ADMIN", "ses_1")


@pytest.fixture
def seller() -> Actor:
    return Actor("usr_seller", "SALES", "ses_2")


@pytest.fixture
def rival() -> Actor:
    return Actor("usr_rival", "SALES", "ses_3")


@pytest.fixture
def support() -> Actor:
    return Actor("usr_support", "SUPPORT", "ses_4")


@pytest.fixture
async def company(mongo: Mongo, admin: Actor, seller: Actor, rival: Actor, support: Actor) -> None:
    """What the bus has told: four active users and a former one; each seller's customer and a deleted one."""
    staff = [(user.id, user.role, True) for user in (admin, seller, rival, support)]
    await mongo.database["access"].insert_many(
        user_row(user, role, active=active) for user, role, active in [*staff, ("usr_former", "SALES", False)]
    )
    await mongo.database["customers"].insert_many(
        {"_id": customer, "version": 1, "owner_id": owner, "deleted": customer == "cus_gone"}
        for customer, owner in (("cus_seller", seller.id), ("cus_rival", rival.id), ("cus_gone", seller.id))
    )


@pytest.fixture(scope="session")
def issuer() -> TestIssuer:
    return TestIssuer()


class QuietServer(uvicorn.Server):
    """Leaves the signals to pytest, and says when it serves."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(uvicorn.Config(app, log_config=None, ws="websockets-sansio", timeout_graceful_shutdown=2))
        self.serving = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.serving.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def served(app: ASGIApp) -> AsyncIterator[str]:
    """Serve a process's app as the process does; yields its URL."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = QuietServer(app)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await server.serving.wait()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running


@pytest.fixture(scope="session")
def app(migrated: Mongo, settings: Settings, issuer: TestIssuer) -> ASGIApp:
    """The API process's app, on the suite's database, without its background links."""
    service, feed = task_service(migrated), ChangeFeed(SERVICE)
    return api_app(
        settings,
        service=SERVICE,
        mongo=migrated,
        schema=build_schema(),
        feed=feed,
        make_context=lambda caller: Context(
            caller=caller, tasks=service, subject_reader=subject_reader(migrated), feed=feed
        ),
        directory=Directory(migrated.database),
        fetch_keys=issuer.key_set,
    )


@pytest.fixture(scope="session")
async def api_url(app: ASGIApp) -> AsyncIterator[str]:
    """Where the app is served."""
    async with served(app) as url:
        yield url


@pytest.fixture
def client(mongo: Mongo, app: ASGIApp, issuer: TestIssuer) -> SubgraphClient:
    """Calls the app in this process."""
    return SubgraphClient(app, issuer)


@pytest.fixture
def serve() -> Callable[[ASGIApp], AbstractAsyncContextManager[str]]:
    """``async with serve(app) as url``."""
    return served


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def ask(mongo: Mongo, api_url: str, session: aiohttp.ClientSession, issuer: TestIssuer) -> Ask:
    """``await ask(by, query, **variables)``: the whole GraphQL answer."""

    async def post(by: Actor | None, query: str, **variables: Any) -> dict[str, Any]:
        headers = {} if by is None else {"authorization": f"Bearer {issuer.token(by)}"}
        body = {"query": query, "variables": variables}
        async with session.post(f"{api_url}/graphql", json=body, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    return post
