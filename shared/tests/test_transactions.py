"""What a transaction promises where the network, or who waits for it, does not stay."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
from network_proxy import NetworkProxy
from pymongo.uri_parser import parse_uri

from rapport_shared.clock import system_clock
from rapport_shared.mongo import Mongo, connect
from rapport_shared.persistence import Transactions, Work

PATIENCE = 5.0
"""Seconds; an abandoned transaction of the embedded database holds its records for a minute."""


@pytest.fixture
async def proxy(mongo_url: str) -> AsyncIterator[NetworkProxy]:
    async with NetworkProxy(parse_uri(mongo_url)["nodelist"][0][1]) as proxy:
        yield proxy


@pytest.fixture
async def mongo(proxy: NetworkProxy, database_prefix: str) -> AsyncIterator[Mongo]:
    mongo = connect(f"mongodb://127.0.0.1:{proxy.port}/?directConnection=true", f"{database_prefix}_transactions")
    await mongo.database["counts"].insert_one({"_id": "one", "count": 0})
    yield mongo
    await mongo.client.drop_database(mongo.database.name)
    await mongo.close()


@pytest.fixture
def transactions(mongo: Mongo) -> Transactions[Work]:
    return Transactions(mongo, partial(Work, service="test", clock=system_clock))


async def _count(work: Work) -> None:
    await work.database["counts"].update_one({"_id": "one"}, {"$inc": {"count": 1}}, session=work.session)


async def test_a_commit_that_does_not_arrive_is_asked_for_until_it_does_and_done_once(
    proxy: NetworkProxy, mongo: Mongo, transactions: Transactions[Work]
) -> None:
    lost = 4  # the driver tries any commit twice, whatever runs the transaction
    proxy.lose_request(b"commitTransaction", times=lost)
    await transactions.run(_count)
    assert proxy.lost == lost
    assert await mongo.database["counts"].find_one({}) == {"_id": "one", "count": 1}


async def test_a_change_that_nobody_waits_for_any_more_holds_no_record(
    mongo: Mongo, transactions: Transactions[Work]
) -> None:
    counted = asyncio.Event()

    async def count_and_wait(work: Work) -> None:
        await _count(work)
        counted.set()
        await asyncio.Event().wait()

    changing = asyncio.create_task(transactions.run(count_and_wait))
    await counted.wait()
    changing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await changing
    await asyncio.wait_for(transactions.run(_count), PATIENCE)
    assert await mongo.database["counts"].find_one({}) == {"_id": "one", "count": 1}
