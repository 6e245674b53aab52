"""The composition root: the only file that names concrete classes."""

from collections.abc import Callable
from functools import partial

from starlette.applications import Starlette

from rapport_automation.consumers import HANDLERS, shortcuts
from rapport_automation.context import Context
from rapport_automation.deliveries import repository as deliveries
from rapport_automation.deliveries.dispatcher import Dispatcher
from rapport_automation.deliveries.repository import DeliveryRepository
from rapport_automation.deliveries.sender import Sender, Targets
from rapport_automation.integrators.access import BrokerUsers, withdrawing
from rapport_automation.notifications import repository as notifications
from rapport_automation.notifications.repository import NotificationRepository
from rapport_automation.notifications.service import NotificationService
from rapport_automation.replays import repository as replays_repository
from rapport_automation.replays.replayer import Replayer
from rapport_automation.replays.repository import ReplayRepository
from rapport_automation.replays.service import ReplayService
from rapport_automation.schema import build_schema
from rapport_automation.settings import Settings
from rapport_automation.webhooks import repository as webhooks
from rapport_automation.webhooks.listening import Listening
from rapport_automation.webhooks.repository import WebhookRepository
from rapport_automation.webhooks.service import WebhookService
from rapport_automation.work import SERVICE, AutomationWork
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.delivery import Lease
from rapport_shared.messaging import BrokerLink, ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.process import ServiceProcess
from rapport_shared.rights import Policy
from rapport_shared.service import api_app, connect_database, migrate, worker_app

INDEXES = (*webhooks.INDEXES, *deliveries.INDEXES, *replays_repository.INDEXES, *notifications.INDEXES)


def transactions(mongo: Mongo, clock: Clock) -> Transactions[AutomationWork]:
    """The service's transactions."""
    return Transactions(mongo, partial(AutomationWork, clock=clock))


def webhook_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> WebhookService:
    """The use cases of webhooks."""
    return WebhookService(transactions(mongo, clock), WebhookRepository(mongo.database), policy, clock)


def replay_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> ReplayService:
    """The use cases of replays."""
    return ReplayService(transactions(mongo, clock), ReplayRepository(mongo.database), policy, clock)


def replayer(mongo: Mongo, clock: Clock = system_clock) -> Replayer:
    """What does replays."""
    lease = Lease(mongo.database, "replayer", clock)
    return Replayer(ReplayRepository(mongo.database), replay_service(mongo, clock), lease, clock)


def dispatcher(mongo: Mongo, directory: Directory, sender: Sender, clock: Clock = system_clock) -> Dispatcher:
    """What sends deliveries."""
    database = mongo.database
    return Dispatcher(
        transactions(mongo, clock),
        DeliveryRepository(database),
        WebhookRepository(database),
        directory,
        sender,
        Lease(database, "dispatcher", clock),
        clock,
    )


def context_maker(
    mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY
) -> Callable[[Actor | None], Context]:
    """Makes a request's context of its caller."""
    make = partial(
        Context,
        webhooks=webhook_service(mongo, clock, policy),
        replays=replay_service(mongo, clock, policy),
        deliveries=DeliveryRepository(mongo.database),
        notifications=NotificationService(NotificationRepository(mongo.database), clock),
    )
    return lambda caller: make(caller=caller)


def api(settings: Settings) -> Starlette:
    """The API process."""
    mongo = connect_database(settings, SERVICE)
    directory = Directory(mongo.database)
    return api_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        schema=build_schema(),
        feed=ChangeFeed(SERVICE),
        make_context=context_maker(mongo, policy=directory.policy),
        directory=directory,
    )


def worker(settings: Settings) -> Starlette:
    """The worker process."""
    mongo = connect_database(settings, SERVICE)
    directory, sender = Directory(mongo.database), Sender(Targets(settings.networks))
    api_url = settings.broker_api_url
    replays = BrokerLink(settings.amqp_url, f"{SERVICE}-replayer", replayer(mongo).run)
    return worker_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        transactions=transactions(mongo, system_clock),
        handlers=withdrawing(HANDLERS, BrokerUsers(api_url)) if api_url else HANDLERS,
        shortcuts=shortcuts(Listening(WebhookRepository(mongo.database).listening)),
        directory=directory,
        background=[directory.run, dispatcher(mongo, directory, sender).run, replays.run],
    )


async def prepare(settings: Settings) -> None:
    """Indexes, exchanges and queues."""
    mongo = connect_database(settings, SERVICE)
    await migrate(settings, service=SERVICE, mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    await mongo.close()


PROCESS = ServiceProcess(
    name=SERVICE,
    settings=Settings,
    api=api,
    worker=worker,
    migrate=prepare,
    sdl=lambda: build_schema().as_str(),
)
