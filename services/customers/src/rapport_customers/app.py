"""The composition root: the only file that names concrete classes."""

from functools import partial

from starlette.applications import Starlette

from rapport_customers.consumers import HANDLERS
from rapport_customers.context import Context
from rapport_customers.customers.repository import INDEXES, CustomerRepository
from rapport_customers.customers.service import CustomerService
from rapport_customers.projections.users import users
from rapport_customers.schema import build_schema
from rapport_customers.settings import Settings
from rapport_customers.work import SERVICE, CustomersWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.process import ServiceProcess
from rapport_shared.rights import Policy
from rapport_shared.service import api_app, connect_database, migrate, worker_app


def transactions(mongo: Mongo, clock: Clock) -> Transactions[CustomersWork]:
    """The service's transactions."""
    return Transactions(mongo, partial(CustomersWork, clock=clock))


def customer_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> CustomerService:
    """The use cases of customers."""
    reads = CustomerRepository(mongo.database)
    return CustomerService(transactions(mongo, clock), reads, users(mongo.database), policy, clock)


def api(settings: Settings) -> Starlette:
    """The API process."""
    mongo = connect_database(settings, SERVICE)
    directory, feed = Directory(mongo.database), ChangeFeed(SERVICE)
    service = customer_service(mongo, policy=directory.policy)

    def make_context(caller: Actor | None) -> Context:
        return Context(caller=caller, customers=service, feed=feed)

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
    return worker_app(settings, service=SERVICE, mongo=mongo, transactions=work, handlers=HANDLERS)


async def prepare(settings: Settings) -> None:
    """Indexes, exchanges and queues."""
    mongo = connect_database(settings, SERVICE)
    await migrate(settings, service=SERVICE, mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    mongo.close()


PROCESS = ServiceProcess(
    name=SERVICE,
    settings=Settings,
    api=api,
    worker=worker,
    migrate=prepare,
    sdl=lambda: build_schema().as_str(),
)
