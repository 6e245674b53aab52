"""The composition root: the only file that names concrete classes."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import strawberry
from starlette.applications import Starlette

from rapport_customers.assignment.repository import AssignmentRepository
from rapport_customers.assignment.service import AssignmentService
from rapport_customers.attention import repository as attention
from rapport_customers.consents.service import ConsentService
from rapport_customers.consumers import HANDLERS
from rapport_customers.contacts import repository as contacts
from rapport_customers.contacts.repository import ContactRepository
from rapport_customers.contacts.service import ContactService
from rapport_customers.context import Context
from rapport_customers.custom_fields import repository as custom_fields
from rapport_customers.custom_fields.known import KnownFields
from rapport_customers.custom_fields.repository import CustomFieldRepository
from rapport_customers.custom_fields.service import CustomFieldService
from rapport_customers.customers import repository as customers
from rapport_customers.customers.repository import CustomerRepository
from rapport_customers.customers.schema import Customer as CustomerNode
from rapport_customers.customers.schema import User as UserNode
from rapport_customers.customers.service import CustomerService
from rapport_customers.deals import repository as deals
from rapport_customers.deals.repository import DealRepository
from rapport_customers.deals.service import DealService
from rapport_customers.duplicates import repository as duplicates
from rapport_customers.duplicates.repository import TwinRepository
from rapport_customers.duplicates.service import DuplicateService
from rapport_customers.evaluations.service import EvaluationService
from rapport_customers.exports.service import ExportService
from rapport_customers.handling.repository import HandlingRepository
from rapport_customers.handling.service import HandlingService
from rapport_customers.history import repository as history
from rapport_customers.history.model import NO_REASON_REQUIRED, ReasonPolicy
from rapport_customers.history.repository import HistoryRepository
from rapport_customers.history.service import HistoryService
from rapport_customers.imports import repository as imports
from rapport_customers.imports.repository import ImportRepository
from rapport_customers.imports.service import ImportService
from rapport_customers.lifecycle import repository as lifecycle
from rapport_customers.lifecycle.repository import StayRepository
from rapport_customers.lifecycle.service import LifecycleService
from rapport_customers.merges import repository as merges
from rapport_customers.merges.repository import MergeRepository
from rapport_customers.merges.service import MergeService
from rapport_customers.needs import repository as needs
from rapport_customers.needs.repository import NeedRepository
from rapport_customers.needs.service import NeedService
from rapport_customers.orders import repository as orders
from rapport_customers.orders.repository import OrderRepository
from rapport_customers.orders.service import OrderService
from rapport_customers.packs.service import PackService
from rapport_customers.pipelines import repository as pipelines
from rapport_customers.pipelines.repository import PipelineRepository
from rapport_customers.pipelines.service import PipelineService
from rapport_customers.pool import repository as pool
from rapport_customers.pool.repository import PoolRepository
from rapport_customers.pool.service import PoolService
from rapport_customers.products import repository as products
from rapport_customers.products.repository import ProductRepository
from rapport_customers.products.service import ProductService
from rapport_customers.projections import touches
from rapport_customers.projections.touches import Touches
from rapport_customers.projections.users import users
from rapport_customers.purges import repository as purges
from rapport_customers.purges.repository import PurgeRepository
from rapport_customers.purges.service import PurgeService
from rapport_customers.quality import repository as quality
from rapport_customers.quality.service import QualityService
from rapport_customers.reverts.service import RevertService
from rapport_customers.schema import build_schema
from rapport_customers.segments import repository as segments
from rapport_customers.segments.repository import SegmentRepository
from rapport_customers.segments.service import SegmentService
from rapport_customers.settings import Settings
from rapport_customers.subjects import repository as subjects
from rapport_customers.subjects.repository import SubjectRequestRepository
from rapport_customers.subjects.service import SOURCES, SubjectService
from rapport_customers.subjects.suppression import WITHOUT_KEY, Digests
from rapport_customers.tags import repository as tags
from rapport_customers.tags.repository import TagGroupRepository, TagRepository
from rapport_customers.tags.service import TagGroupService, TagService
from rapport_customers.tiers.repository import TiersRepository
from rapport_customers.tiers.service import TiersService
from rapport_customers.transfers import repository as transfers
from rapport_customers.transfers.repository import TransferRepository
from rapport_customers.transfers.service import TransferService
from rapport_customers.views import repository as views
from rapport_customers.views.repository import SavedViewRepository
from rapport_customers.views.service import SavedViewService
from rapport_customers.work import SERVICE, CustomersWork
from rapport_customers.work_queue import repository as work_queue
from rapport_customers.work_queue.service import WorkQueueService
from rapport_shared.access import Directory
from rapport_shared.actor import Actor
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.contacts import ContactCreated
from rapport_shared.contracts.customers import CustomerCreated
from rapport_shared.contracts.deals import DealCreated, PipelineCreated
from rapport_shared.contracts.orders import OrderCreated, ProductCreated
from rapport_shared.contracts.roles import DEFAULT_POLICY
from rapport_shared.delivery import Chores, Lease
from rapport_shared.delivery.snapshots import Snapshot
from rapport_shared.messaging import ChangeFeed
from rapport_shared.mongo import Mongo
from rapport_shared.persistence import Transactions
from rapport_shared.process import ServiceProcess
from rapport_shared.rights import Policy
from rapport_shared.service import api_app, connect_database, migrate, worker_app
from rapport_shared.subject_data import SubjectReader

INDEXES = (
    *customers.INDEXES,
    *contacts.INDEXES,
    *custom_fields.INDEXES,
    *deals.INDEXES,
    *duplicates.INDEXES,
    *history.INDEXES,
    *imports.INDEXES,
    *merges.INDEXES,
    *lifecycle.INDEXES,
    *needs.INDEXES,
    *pool.INDEXES,
    *purges.INDEXES,
    *transfers.INDEXES,
    *orders.INDEXES,
    *pipelines.INDEXES,
    *products.INDEXES,
    *subjects.INDEXES,
    *views.INDEXES,
    *tags.INDEXES,
    *segments.INDEXES,
    *attention.INDEXES,
    *touches.INDEXES,
    *work_queue.INDEXES,
    *quality.INDEXES,
)


def transactions(mongo: Mongo, clock: Clock) -> Transactions[CustomersWork]:
    """The service's transactions."""
    return Transactions(mongo, partial(CustomersWork, clock=clock))


def customer_service(
    mongo: Mongo,
    clock: Clock = system_clock,
    policy: Policy = DEFAULT_POLICY,
    reasons: ReasonPolicy = NO_REASON_REQUIRED,
    *,
    refuses_duplicates: bool = False,
) -> CustomerService:
    """The use cases of customers."""
    reads = CustomerRepository(mongo.database)
    past = HistoryService(HistoryRepository(mongo.database), reads, policy)
    return CustomerService(
        transactions(mongo, clock),
        reads,
        users(mongo.database),
        policy,
        clock,
        past,
        reasons,
        refuses_duplicates=refuses_duplicates,
    )


def custom_field_service(
    mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY
) -> CustomFieldService:
    """The use cases of custom fields, and what this process knows of them."""
    fields = CustomFieldRepository(mongo.database)
    known = KnownFields(partial(fields.all_of, "Customer"))
    return CustomFieldService(transactions(mongo, clock), fields, known, policy, clock)


def pipeline_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> PipelineService:
    """The use cases of pipelines."""
    return PipelineService(transactions(mongo, clock), PipelineRepository(mongo.database), policy, clock)


def pool_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> PoolService:
    """The use cases of the pool."""
    database = mongo.database
    return PoolService(
        transactions(mongo, clock), PoolRepository(database), CustomerRepository(database), policy, clock
    )


def transfer_service(mongo: Mongo, clock: Clock = system_clock, policy: Policy = DEFAULT_POLICY) -> TransferService:
    """The use cases of transfers."""
    database = mongo.database
    return TransferService(transactions(mongo, clock), TransferRepository(database), users(database), policy, clock)


def context_maker(
    mongo: Mongo,
    feed: ChangeFeed,
    clock: Clock = system_clock,
    policy: Policy = DEFAULT_POLICY,
    reasons: ReasonPolicy = NO_REASON_REQUIRED,
    fields: CustomFieldService | None = None,
    digests: Digests = WITHOUT_KEY,
    *,
    refuses_duplicates: bool = False,
) -> Callable[[Actor | None], Context]:
    """Makes a request's context of its caller."""
    work, database = transactions(mongo, clock), mongo.database
    service = customer_service(mongo, clock, policy, reasons, refuses_duplicates=refuses_duplicates)
    handling = HandlingService(work, HandlingRepository(database), policy, clock)
    make = partial(
        Context,
        customers=service,
        assignment=AssignmentService(work, AssignmentRepository(database), users(database), policy, clock),
        consents=ConsentService(service, clock),
        duplicates=DuplicateService(service, TwinRepository(database), policy),
        exports=ExportService(work, CustomerRepository(database)),
        imports=ImportService(service, ImportRepository(database), policy, clock, digests),
        merges=MergeService(service, MergeRepository(database), policy, clock),
        reverts=RevertService(service, HistoryRepository(database), policy),
        transfers=transfer_service(mongo, clock, policy),
        pool=pool_service(mongo, clock, policy),
        needs=NeedService(work, NeedRepository(database), policy, clock),
        handling=handling,
        quality=QualityService(service, handling, policy, clock),
        work_queue=WorkQueueService(service, handling, clock),
        lifecycle=LifecycleService(
            StayRepository(database), DealRepository(database), OrderRepository(database), Touches(database), policy
        ),
        clock=clock,
        custom_fields=fields or custom_field_service(mongo, clock, policy),
        views=SavedViewService(work, SavedViewRepository(database), policy, clock),
        pipelines=pipeline_service(mongo, clock, policy),
        products=ProductService(work, ProductRepository(database), policy, clock),
        contacts=ContactService(work, ContactRepository(database), policy, clock),
        deals=DealService(work, DealRepository(database), policy, clock),
        orders=OrderService(work, OrderRepository(database), policy, clock),
        packs=PackService(work, policy, clock),
        segments=SegmentService(work, SegmentRepository(database), service, policy, clock),
        tiers=TiersService(work, TiersRepository(database), policy, clock),
        tags=TagService(work, TagRepository(database), policy, clock),
        tag_groups=TagGroupService(work, TagGroupRepository(database), policy, clock),
        subjects=SubjectService(work, SubjectRequestRepository(database), policy, clock, digests),
        subject_reader=SubjectReader(
            database, SERVICE, requests=subjects.COLLECTION, sources=SOURCES, policy=policy, clock=clock
        ),
        feed=feed,
        to_customer=CustomerNode.from_model,
        to_user=lambda identifier: UserNode(id=strawberry.ID(identifier)),
    )
    return lambda caller: make(caller=caller)


def purge_service(mongo: Mongo, after_days: int | None, clock: Clock = system_clock) -> PurgeService:
    """Purges customers that were put away so many days ago; none where None."""
    after = None if after_days is None else timedelta(days=after_days)
    return PurgeService(transactions(mongo, clock), PurgeRepository(mongo.database), clock, after=after)


def api(settings: Settings) -> Starlette:
    """The API process."""
    mongo, feed = connect_database(settings, SERVICE), ChangeFeed(SERVICE)
    directory = Directory(mongo.database)
    fields = custom_field_service(mongo, policy=directory.policy)
    return api_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        schema=build_schema(),
        feed=feed,
        make_context=context_maker(
            mongo,
            feed,
            policy=directory.policy,
            reasons=ReasonPolicy(settings.reason_required),
            fields=fields,
            digests=Digests(settings.suppression_key.get_secret_value()),
            refuses_duplicates=settings.refuse_duplicates,
        ),
        directory=directory,
        background=[fields.keep_known],
    )


def worker(settings: Settings) -> Starlette:
    """The worker process."""
    mongo = connect_database(settings, SERVICE)
    work, fields = transactions(mongo, system_clock), custom_field_service(mongo)
    rules = EvaluationService(work, mongo.database, system_clock)
    chores = Chores(
        Lease(mongo.database, "chores", system_clock),
        [transfer_service(mongo).step, pool_service(mongo).step, purge_service(mongo, settings.purge_after_days).step],
    )
    return worker_app(
        settings,
        service=SERVICE,
        mongo=mongo,
        transactions=work,
        handlers=HANDLERS,
        background=[fields.keep_indexes, partial(rules.run, Lease(mongo.database, "rules", system_clock)), chores.run],
    )


async def prepare(settings: Settings) -> None:
    """Indexes, exchanges and queues."""
    mongo = connect_database(settings, SERVICE)
    await migrate(settings, service=SERVICE, mongo=mongo, indexes=INDEXES, handlers=HANDLERS)
    await pipeline_service(mongo).ensure_standard()
    await CustomerRepository(mongo.database).fill_search()
    await CustomFieldRepository(mongo.database).adjust_indexes()
    await StayRepository(mongo.database).fill()
    await NeedRepository(mongo.database).fill_marks()
    await mongo.close()


SNAPSHOTS = (
    Snapshot(CustomerCreated, CustomerRepository),
    Snapshot(ContactCreated, ContactRepository),
    Snapshot(DealCreated, DealRepository),
    Snapshot(OrderCreated, OrderRepository),
    Snapshot(PipelineCreated, PipelineRepository),
    Snapshot(ProductCreated, ProductRepository),
)

PROCESS = ServiceProcess(
    name=SERVICE,
    settings=Settings,
    api=api,
    worker=worker,
    migrate=prepare,
    sdl=lambda: build_schema().as_str(),
    snapshots=SNAPSHOTS,
)
