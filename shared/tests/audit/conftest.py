"""A small service with customers' events, for its audit log."""

import secrets
from collections.abc import AsyncIterator

import pytest
from audit_bench import AuditBench

from rapport_local.backing import Broker
from rapport_shared.mongo import connect, create_indexes
from rapport_shared.persistence import BOOKKEEPING_INDEXES


@pytest.fixture
async def bench(mongo_url: str, database_prefix: str, broker: Broker) -> AsyncIterator[AuditBench]:
    """A bench with a database and a virtual host of its own."""
    name = f"{database_prefix}_{secrets.token_hex(3)}"
    mongo = connect(mongo_url, f"{name}_customers")
    await create_indexes(mongo.database, BOOKKEEPING_INDEXES)
    yield AuditBench(mongo, broker.create_vhost(name))
    await mongo.close()
    broker.delete_vhost(name)
