"""The parts that every service's processes are put together from."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import cache
from types import MappingProxyType
from typing import TypeVar

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.types import ASGIApp
from strawberry.schema import BaseSchema

from rapport_shared.access import ACCESS_HANDLERS, Directory, adopt_users
from rapport_shared.access import INDEXES as ACCESS_INDEXES
from rapport_shared.actor import Actor
from rapport_shared.audit import AuditLog, Chain
from rapport_shared.change_log import ChangeLog
from rapport_shared.clock import Clock, system_clock
from rapport_shared.contracts.asyncapi import whole_document
from rapport_shared.delivery import Consumer, Handlers, Lease, Relay, Sealer, Shortcuts, feeding
from rapport_shared.graphql.context import RequestContext
from rapport_shared.http.answers import json_answer
from rapport_shared.http.endpoint import GraphQLEndpoint, MakeContext
from rapport_shared.http.jwks import fetch_json
from rapport_shared.http.service_credential import ServicesOnly, credentials_of
from rapport_shared.http.shell import create_app
from rapport_shared.http.tokens import FetchKeys, KeySet, TokenVerifier
from rapport_shared.messaging import BrokerLink, ChangeFeed, ConsumerGroup, Wakes, declare_consumer, open_channel
from rapport_shared.mongo import Index, Mongo, connect, create_indexes, database_name
from rapport_shared.outbox import OutboxStore
from rapport_shared.persistence import BOOKKEEPING_INDEXES, Transactions, Work
from rapport_shared.settings import ServiceSettings

W = TypeVar("W", bound=Work)


def connect_database(settings: ServiceSettings, service: str) -> Mongo:
    """The service's own database."""
    return connect(settings.mongo_url, database_name(settings.database_prefix, service))


def api_app(
    settings: ServiceSettings,
    *,
    service: str,
    mongo: Mongo,
    schema: BaseSchema,
    feed: ChangeFeed,
    make_context: MakeContext,
    directory: Directory,
    fetch_keys: FetchKeys | None = None,
    routes: Iterable[BaseRoute] = (),
    clock: Clock = system_clock,
    background: Sequence[Callable[[], Awaitable[None]]] = (),
) -> Starlette:
    """The API process: the GraphQL endpoint, the live feed of the service's own events, and their description.

    ``directory`` says who callers are and what they may do: the one whose policy the service's use cases go by.
    """
    keys = KeySet(fetch_keys or (lambda: fetch_json(settings.jwks_url)))
    verifier = TokenVerifier(keys, issuer=settings.issuer, audience=settings.audience)
    audit, changes = AuditLog(mongo.database, directory.policy), ChangeLog(mongo.database, clock)

    def with_logs(caller: Actor | None) -> RequestContext:
        context = make_context(caller)
        context.audit, context.changes = audit, changes
        return context

    endpoint: ASGIApp = GraphQLEndpoint(schema, verifier=verifier, directory=directory, make_context=with_logs)
    credentials = credentials_of(settings, service)
    if credentials.are_required:
        endpoint = ServicesOnly(endpoint, credentials)
    directory.on_change(feed.rights_changed)
    wakes, news = Wakes(service, mongo.outbox_filled), _news_of_access(service, directory.woken)
    link = BrokerLink(settings.amqp_url, f"{service}-api", feeding(feed, changes), wakes.tell, news.listen)
    return create_app(
        routes=[Route("/graphql", endpoint), WebSocketRoute("/graphql", endpoint), _event_contract(service), *routes],
        checks={"database": mongo.ping, "broker": link.check},
        background=[link.run, directory.run, *background],
        on_stop=mongo.close,
        max_body_bytes=settings.max_body_bytes,
    )


def worker_app(
    settings: ServiceSettings,
    *,
    service: str,
    mongo: Mongo,
    transactions: Transactions[W],
    handlers: Handlers[W],
    shortcuts: Shortcuts = MappingProxyType({}),
    directory: Directory | None = None,
    clock: Clock = system_clock,
    background: Sequence[Callable[[], Awaitable[None]]] = (),
) -> Starlette:
    """The worker process: the outbox's relay, the audit log's sealer, the consumer of events, and the service's own.

    A worker's own ``directory`` is told of changes.
    """
    outbox = OutboxStore(mongo.database, source=f"/rapport/{service}", clock=clock)
    lease, audit_lease = Lease(mongo.database, "relay", clock), Lease(mongo.database, "audit", clock)
    sealer = Sealer(service, Chain(mongo, clock), audit_lease, clock)
    links = [
        BrokerLink(
            settings.amqp_url, f"{service}-relay", Relay(outbox, lease, Wakes(service, mongo.outbox_filled)).run
        ),
        BrokerLink(settings.amqp_url, f"{service}-audit", sealer.run),
    ]
    if handlers:
        changed = asyncio.Event()
        consumer = Consumer(ConsumerGroup(service), handlers, transactions, mongo, shortcuts, _sets_of_access(changed))
        news = _news_of_access(service, changed)
        links.append(BrokerLink(settings.amqp_url, f"{service}-consumer", consumer.run, news.tell))
    if directory is not None:
        heard = _news_of_access(service, directory.woken)
        links.append(BrokerLink(settings.amqp_url, f"{service}-directory", heard.listen))

    async def broker() -> None:
        for link in links:
            await link.check()

    async def stop() -> None:
        await lease.release()
        await audit_lease.release()
        await mongo.close()

    return create_app(
        checks={"database": mongo.ping, "broker": broker},
        background=[*(link.run for link in links), *background],
        on_stop=stop,
        max_body_bytes=settings.max_body_bytes,
    )


async def migrate(
    settings: ServiceSettings, *, service: str, mongo: Mongo, indexes: Iterable[Index], handlers: Handlers[W]
) -> None:
    """Create what the service needs in the database and at the broker; repeatable."""
    await create_indexes(mongo.database, (*BOOKKEEPING_INDEXES, *ACCESS_INDEXES, *indexes))
    await adopt_users(mongo.database)
    async with open_channel(settings.amqp_url) as channel:
        routing_keys = [event_type.routing_key for event_type in handlers]
        await declare_consumer(channel, ConsumerGroup(service), routing_keys)


@cache
def _event_contract(service: str) -> Route:
    """``GET /asyncapi.json``: the service's AsyncAPI document, for anyone: an event contract is no secret."""
    document = whole_document(service)

    async def contract(_: Request) -> Response:
        return json_answer(200, document)

    return Route("/asyncapi.json", contract, methods=["GET"])


def _news_of_access(service: str, changed: asyncio.Event) -> Wakes:
    """Brings to every process of the service that it has heard of users and their rights."""
    return Wakes(f"{service}.access", changed)


def _sets_of_access(changed: asyncio.Event) -> Callable[[str], None]:
    keys = {event_type.routing_key for event_type in ACCESS_HANDLERS}

    def handled(routing_key: str) -> None:
        if routing_key in keys:
            changed.set()

    return handled
