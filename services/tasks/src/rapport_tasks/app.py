"""The composition root: the only file that names concrete classes."""

from functools import partial

from starlette.applications import Starlette

from rapport_shared.access import AccessRecords, Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.contracts.tasks import TaskCreated
from rapport_shared.delivery import Chores, Lease
from rapport_shared.delivery.snapshots import Snapshot
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.persistence.subject_parts import COLLECTION as PARTS
from rapport_shared.process import ServiceProcess
from rapport_shared.rights import Policy
from rapport_shared.service import api_app, connect_database, migrate, worker_app
from rapport_shared.subject_data import SubjectReader
from rapport_tasks.consumers import HANDLERS, shortcuts
from rapport_tasks.context import Context
from rapport_tasks.projections.customers import COLLECTION as CUSTOMERS
from rapport_tasks.projections.customers import INDEXES as CUSTOMER_INDEXES
from rapport_tasks.projections.customers import Customers
from rapport_tasks.projections.interactions import interactions
from rapport_tasks.schema import build_schema
from rapport_tasks.settings import Settings
from rapport_tasks.tasks import repository as tasks
from rapport_tasks.tasks.repository import TaskRepository
from rapport_tasks.tasks.service import TaskService
from rapport_tasks.transfers import repository as transfers
from rapport_tasks.transfers.repository import TransferRepository
from rapport_tasks.transfers.service import TransferService
from rapport_tasks.work import SERVICE, SOURCES, TasksWork

INDEXES = (*tasks.INDEXES, *transfers.INDEXES)


def transactions(mongo: Mongo, clock: Clock) -> Transactions[TasksWork]:
    """The service's transactions."""
    return Transactions(mongo, partial(TasksWork, clock=clock))


def task_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> TaskService:
    """The use cases of tasks."""
    database = mongo.database
    reads, customers = TaskRepository(database), Customers(database, CUSTOMERS)
    return TaskService(transactions(mongo, clock), reads, AccessRecords(database), customers, policy, clock)


def transfer_service(mongo: Mongo, clock: Clock = system_clock) -> TransferService:
    """The use cases of transfers."""
    return TransferService(transactions(mongo, clock), TransferRepository(mongo.database), clock)


def subject_reader(mongo: Mongo, policy: Policy = DEFAULT_POLICY) -> SubjectReader:
    """Reads what is kept of a customer."""
    return SubjectReader(mongo.database, SERVICE, requests=PARTS, sources=SOURCES, policy=policy)


def api(settings: Settings) -> Starlette:
    """The API process."""
    mongo = connect_database(settings, SERVICE)
    directory, feed = Directory(mongo.database), ChangeFeed(SERVICE)
    service = task_service(mongo, policy=directory.policy)

    reader = subject_reader(mongo, policy=directory.policy)

    def make_context(caller: Actor | None) -> Context:
        return Context(caller=caller, tasks=service, subject_reader=reader, feed=feed)

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
    chores = Chores(Lease(mongo.database, "chores", system_clock), [transfer_service(mongo).step])
    return worker_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        transactions=work,
        handlers=HANDLERS,
        shortcuts=shortcuts(Customers(mongo.database, CUSTOMERS), interactions(mongo.database)),
        background=[chores.run],
    )


async def prepare(settings: Settings) -> None:
    """Indexes, exchanges and queues."""
    mongo = connect_database(settings, SERVICE)
    await migrate(settings, service=SERVICE, mongo=mongo, indexes=(*INDEXES, *CUSTOMER_INDEXES), handlers=HANDLERS)
    await mongo.close()


SNAPSHOTS = (Snapshot(TaskCreated, TaskRepository),)

PROCESS = ServiceProcess(
    name=SERVICE,
    settings=Settings,
    api=api,
    worker=worker,
    migrate=prepare,
    sdl=lambda: build_schema().as_str(),
    snapshots=SNAPSHOTS,
)
