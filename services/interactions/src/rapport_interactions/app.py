"""The composition root: the only file that names concrete classes."""

from functools import partial

from starlette.applications import Starlette

from rapport_interactions.consumers import HANDLERS, shortcuts
from rapport_interactions.context import Context
from rapport_interactions.interactions.repository import INDEXES, InteractionRepository
from rapport_interactions.interactions.service import InteractionService
from rapport_interactions.projections.customers import INDEXES as CUSTOMER_INDEXES
from rapport_interactions.projections.customers import KnownCustomers
from rapport_interactions.schema import build_schema
from rapport_interactions.settings import Settings
from rapport_interactions.work import SERVICE, SOURCES, InteractionsWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.interactions import InteractionRecorded
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.delivery.snapshots import Snapshot
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.persistence.subject_parts import COLLECTION as PARTS
from rapport_shared.process import ServiceProcess
from rapport_shared.rights import Policy
from rapport_shared.service import api_app, connect_database, migrate, worker_app
from rapport_shared.subject_data import SubjectReader


def transactions(mongo: Mongo, clock: Clock) -> Transactions[InteractionsWork]:
    """The service's transactions."""
    return Transactions(mongo, partial(InteractionsWork, clock=clock))


def interaction_service(
    mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY
) -> InteractionService:
    """The use cases of interactions."""
    reads, customers = InteractionRepository(mongo.database), KnownCustomers(mongo.database)
    return InteractionService(transactions(mongo, clock), reads, customers, policy, clock)


def subject_reader(mongo: Mongo, policy: Policy = DEFAULT_POLICY) -> SubjectReader:
    """Reads what is kept of a customer."""
    return SubjectReader(mongo.database, SERVICE, requests=PARTS, sources=SOURCES, policy=policy)


def api(settings: Settings) -> Starlette:
    """The API process."""
    mongo = connect_database(settings, SERVICE)
    directory, feed = Directory(mongo.database), ChangeFeed(SERVICE)
    service = interaction_service(mongo, policy=directory.policy)

    reader = subject_reader(mongo, policy=directory.policy)

    def make_context(caller: Actor | None) -> Context:
        return Context(caller=caller, interactions=service, subject_reader=reader, feed=feed)

    return api_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        schema=build_schema(),
        feed=feed,
        make_context=make_context,
        directory=directory,
    )


def worker(settings: Settings) -> Starlette:
    """The worker process."""
    mongo = connect_database(settings, SERVICE)
    work = transactions(mongo, system_clock)
    return worker_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        transactions=work,
        handlers=HANDLERS,
        shortcuts=shortcuts(KnownCustomers(mongo.database)),
    )


async def prepare(settings: Settings) -> None:
    """Indexes, exchanges and queues."""
    mongo = connect_database(settings, SERVICE)
    await migrate(settings, service=SERVICE, mongo=mongo, indexes=(*INDEXES, *CUSTOMER_INDEXES), handlers=HANDLERS)
    await mongo.close()


SNAPSHOTS = (Snapshot(InteractionRecorded, InteractionRepository),)

PROCESS = ServiceProcess(
    name=SERVICE,
    settings=Settings,
    api=api,
    worker=worker,
    migrate=prepare,
    sdl=lambda: build_schema().as_str(),
    snapshots=SNAPSHOTS,
)
