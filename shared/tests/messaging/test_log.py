"""Reading the log of events."""

import pytest
from messaging_bench import Bench
from waiting import eventually

from rapport_local.backing import Broker
from rapport_local.backing.rabbitmq import OwnBroker
from rapport_shared.contracts.customers import CustomerUpdated
from rapport_shared.messaging.log import read_log


async def test_reading_leaves_nothing_unacknowledged(bench: Bench, broker: Broker) -> None:
    """For that the broker would close the channel after two minutes, whatever else it is used for."""
    if not isinstance(broker, OwnBroker):
        pytest.skip("needs a broker of our own")

    await bench.change("cus_1", times=3)
    async with bench.relaying():
        await eventually(bench.nothing_waits)
    async with bench.channel() as channel:
        read = [event async for _, event in read_log(channel, CustomerUpdated)]
        said = broker.control("list_channels", "vhost", "messages_unacknowledged")
    assert len(read) == 3
    vhost = bench.mongo.database.name.removesuffix("_bench")
    assert {count for name, count in map(str.split, said.splitlines()) if name == vhost} == {"0"}
