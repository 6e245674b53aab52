"""A publisher, a consumer and their database, on the real broker."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from messaging_bench import Bench

from rapport_local.backing import Broker
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.messaging import ConsumerGroup, declare_consumer
from rapport_shared.mongo import connect, create_indexes
from rapport_shared.persistence import BOOKKEEPING_INDEXES


@asynccontextmanager
async def _bench(mongo_url: str, database_prefix: str, broker: Broker) -> AsyncIterator[Bench]:
    name = f"{database_prefix}_{secrets.token_hex(3)}"
    amqp_url = broker.create_vhost(name)
    mongo = connect(mongo_url, f"{name}_bench")
    await create_indexes(mongo.database, BOOKKEEPING_INDEXES)
    made = Bench(mongo, amqp_url, ConsumerGroup("ledger"))
    async with made.channel() as channel:
        await declare_consumer(channel, made.group, [CustomerUpdated.routing_key])
    yield made
    await mongo.close()
    broker.delete_vhost(name)


@pytest.fixture
async def bench(mongo_url: str, database_prefix: str, broker: Broker) -> AsyncIterator[Bench]:
    """A bench with a database and a virtual host of its own."""
    async with _bench(mongo_url, database_prefix, broker) as made:
        yield made


@pytest.fixture
async def bench_to_kill(mongo_url: str, database_prefix: str, broker_to_kill: Broker) -> AsyncIterator[Bench]:
    """A bench whose broker may be killed."""
    async with _bench(mongo_url, database_prefix, broker_to_kill) as made:
        yield made
